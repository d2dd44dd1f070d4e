package pki

import (
	"crypto/rand"
	"crypto/x509"
)

// NewRequest makes a certificate request for the EC key at keyPath, which is made when missing. The server that signs it sets the
// names.
func NewRequest(keyPath string) ([]byte, error) {
	key, err := EnsureKey(keyPath)
	if err != nil {
		return nil, err
	}
	raw, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		return nil, err
	}
	return encode("CERTIFICATE REQUEST", raw), nil
}
