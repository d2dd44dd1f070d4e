// Package pki makes and keeps the certificates of a cluster.
package pki

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"slices"
	"time"

	"k3s-board/emulator/launcher/files"
)

const (
	authorityLife   = 10 * 365 * 24 * time.Hour
	certificateLife = 365 * 24 * time.Hour
	// renewBefore is how long before its end a certificate is replaced at a start, as k3s does.
	renewBefore = 120 * 24 * time.Hour
	// backdate covers boards without a clock battery, whose time may still be a little behind when they start.
	backdate = 24 * time.Hour
)

// Authority signs certificates.
type Authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
	// PEM is the authority's own certificate.
	PEM []byte
}

// LoadOrCreateAuthority reads path.crt and path.key, or makes them.
func LoadOrCreateAuthority(path, name string, now time.Time) (*Authority, error) {
	certificate, key, err := readPair(path)
	if err == nil {
		return &Authority{certificate, key, encode("CERTIFICATE", certificate.Raw)}, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	common := fmt.Sprintf("%s@%d", name, now.Unix())
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: common},
		NotBefore: now.Add(-backdate), NotAfter: now.Add(authorityLife),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment | x509.KeyUsageCertSign,
		IsCA:     true, BasicConstraintsValid: true,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	if certificate, err = x509.ParseCertificate(raw); err != nil {
		return nil, err
	}
	if err := writePair(path, raw, key, nil); err != nil {
		return nil, err
	}
	return &Authority{certificate, key, encode("CERTIFICATE", raw)}, nil
}

// Hash is the SHA-256 of the authority's certificate file, which secure tokens carry.
func (a *Authority) Hash() string {
	sum := sha256.Sum256(a.PEM)
	return hex.EncodeToString(sum[:])
}

// Request describes a certificate to issue.
type Request struct {
	Name   string
	Groups []string
	// Names and addresses make it a server certificate.
	DNSNames  []string
	Addresses []net.IP
	// Client makes it usable by a client; server certificates are by default not.
	Client bool
}

// Ensure keeps path.crt and path.key valid for the request: they are issued anew when they are missing, near their end, of another
// authority or for other names.
func (a *Authority) Ensure(path string, request Request, now time.Time) error {
	certificate, _, err := readPair(path)
	if err == nil && a.matches(certificate, request, now) {
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	raw, err := a.sign(request, key.Public(), now)
	if err != nil {
		return err
	}
	return writePair(path, raw, key, a.PEM)
}

// SignRequest issues a certificate for the key of a PEM certificate request, with the names of request and not its own.
// The result is a PEM chain.
func (a *Authority) SignRequest(csr []byte, request Request, now time.Time) ([]byte, error) {
	block, _ := pem.Decode(csr)
	if block == nil {
		return nil, errors.New("not a PEM certificate request")
	}
	parsed, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return nil, err
	}
	if err := parsed.CheckSignature(); err != nil {
		return nil, err
	}
	raw, err := a.sign(request, parsed.PublicKey, now)
	if err != nil {
		return nil, err
	}
	return append(encode("CERTIFICATE", raw), a.PEM...), nil
}

func (a *Authority) sign(request Request, key crypto.PublicKey, now time.Time) ([]byte, error) {
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: request.Name, Organization: request.Groups},
		NotBefore: now.Add(-backdate), NotAfter: now.Add(certificateLife),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		DNSNames: request.DNSNames, IPAddresses: request.Addresses,
	}
	if len(request.DNSNames)+len(request.Addresses) > 0 {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	}
	if request.Client {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageClientAuth)
	}
	return x509.CreateCertificate(rand.Reader, template, a.certificate, key, a.key)
}

func (a *Authority) matches(certificate *x509.Certificate, request Request, now time.Time) bool {
	sameAddresses := len(certificate.IPAddresses) == len(request.Addresses) &&
		!slices.ContainsFunc(request.Addresses, func(wanted net.IP) bool {
			return !slices.ContainsFunc(certificate.IPAddresses, wanted.Equal)
		})
	return certificate.CheckSignatureFrom(a.certificate) == nil &&
		now.Add(renewBefore).Before(certificate.NotAfter) &&
		certificate.Subject.CommonName == request.Name &&
		sameSet(certificate.Subject.Organization, request.Groups) &&
		sameSet(certificate.DNSNames, request.DNSNames) && sameAddresses
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

func serial() *big.Int {
	number, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		panic(err) // the kernel's random source failed: nothing can go on
	}
	return number
}

func encode(kind string, raw []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw})
}

// readPair reads the first certificate and the key of a pair.
func readPair(path string) (*x509.Certificate, crypto.Signer, error) {
	certificatePEM, err := os.ReadFile(path + ".crt")
	if err != nil {
		return nil, nil, err
	}
	block, _ := pem.Decode(certificatePEM)
	if block == nil {
		return nil, nil, fmt.Errorf("%s.crt holds no certificate", path)
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, nil, fmt.Errorf("%s.crt: %w", path, err)
	}
	key, err := ReadKey(path + ".key")
	if err != nil {
		return nil, nil, err
	}
	return certificate, key, nil
}

// ReadKey reads an EC private key.
func ReadKey(path string) (*ecdsa.PrivateKey, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(bytes.TrimSpace(content))
	if block == nil {
		return nil, fmt.Errorf("%s holds no key", path)
	}
	return x509.ParseECPrivateKey(block.Bytes)
}

// EnsureKey makes an EC key at path unless there is one.
func EnsureKey(path string) (*ecdsa.PrivateKey, error) {
	key, err := ReadKey(path)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, err
	}
	return key, writeKey(path, key)
}

func writeKey(path string, key crypto.Signer) error {
	raw, err := x509.MarshalECPrivateKey(key.(*ecdsa.PrivateKey))
	if err != nil {
		return err
	}
	return files.WriteAtomic(path, encode("EC PRIVATE KEY", raw), 0o600)
}

// writePair writes the key first: a certificate without its key would be taken for a pair at the next start.
func writePair(path string, raw []byte, key crypto.Signer, chain []byte) error {
	if err := writeKey(path+".key", key); err != nil {
		return err
	}
	return files.WriteAtomic(path+".crt", append(encode("CERTIFICATE", raw), chain...), 0o644)
}
