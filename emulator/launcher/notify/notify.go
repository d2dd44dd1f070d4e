// Package notify tells systemd how far the service is.
package notify

import (
	"net"
	"os"
)

// Socket takes the address of systemd's socket out of the environment, so that child processes do not speak for the service.
func Socket() string {
	address := os.Getenv("NOTIFY_SOCKET")
	_ = os.Unsetenv("NOTIFY_SOCKET")
	return address
}

// Send tells systemd a state such as READY=1. Without a socket it does nothing.
func Send(address, state string) error {
	if address == "" {
		return nil
	}
	if address[0] == '@' {
		address = "\x00" + address[1:]
	}
	connection, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: address, Net: "unixgram"})
	if err != nil {
		return err
	}
	defer connection.Close()
	_, err = connection.Write([]byte(state))
	return err
}
