package node

import (
	"net"
	"net/http"
	"time"

	"k3s-board/emulator/launcher/journal"
	"k3s-board/emulator/launcher/registries"
)

// ServeRewriting answers on loopback for the mirrors that rewrite names. Without such mirrors nothing listens.
func ServeRewriting(rewritings []registries.Rewriting) (stop func(), err error) {
	if len(rewritings) == 0 {
		return func() {}, nil
	}
	handler, err := registries.RewriteHandler(rewritings)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", RewriteAddress)
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 30 * time.Second}
	go func() { _ = server.Serve(listener) }()
	journal.Info("Rewriting image names for %d mirror endpoints on %s", len(rewritings), RewriteAddress)
	return func() { _ = server.Close() }, nil
}
