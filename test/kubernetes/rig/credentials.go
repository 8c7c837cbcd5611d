package rig

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// credentials are what the parts prove themselves with: an authority, the
// apiserver's certificate with the names that kubeadm gives it, a key that
// signs the tokens of service accounts, and one token of an administrator.
// Every rig has its own.
type credentials struct {
	caFile, certFile, keyFile string
	serviceAccountKey         string
	tokenFile, kubeconfig     string
}

func (r *Rig) credentials() credentials {
	at := func(name string) string { return filepath.Join(r.state.Dir, "credentials", name) }
	return credentials{
		caFile: at("ca.crt"), certFile: at("apiserver.crt"), keyFile: at("apiserver.key"),
		serviceAccountKey: at("service-account.key"),
		tokenFile:         at("tokens.csv"), kubeconfig: r.Kubeconfig(),
	}
}

// Kubeconfig is the file that makes any Kubernetes client the administrator of
// this rig. The apiserver's address in it is reachable only inside the rig.
func (r *Rig) Kubeconfig() string {
	return filepath.Join(r.state.Dir, "credentials", "kubeconfig")
}

func (r *Rig) writeCredentials(context.Context) error {
	files := r.credentials()
	ca, caKey, err := writeAuthority(files.caFile)
	if err != nil {
		return err
	}
	if err := writeServing(files, ca, caKey); err != nil {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("credentials: %w", err)
	}
	if err := writeKey(files.serviceAccountKey, key); err != nil {
		return err
	}
	token := rand.Text()
	if err := writeFile(files.tokenFile, token+",admin,admin,system:masters\n"); err != nil {
		return err
	}
	return writeKubeconfig(files, token)
}

func writeAuthority(file string) (*x509.Certificate, crypto.Signer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("authority: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "rig-ca"},
		NotBefore:    time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		IsCA:     true, BasicConstraintsValid: true,
	}
	bytes, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, nil, fmt.Errorf("authority: %w", err)
	}
	ca, err := x509.ParseCertificate(bytes)
	if err != nil {
		return nil, nil, fmt.Errorf("authority: %w", err)
	}
	return ca, key, writePEM(file, "CERTIFICATE", bytes)
}

func writeServing(files credentials, ca *x509.Certificate, caKey crypto.Signer) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("serving certificate: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2),
		Subject:      pkix.Name{CommonName: "kube-apiserver"},
		NotBefore:    time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{
			"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
			"kubernetes.default.svc." + ClusterDomain,
		},
		IPAddresses: []net.IP{net.ParseIP(NodeIP), net.ParseIP(kubernetesIP), net.ParseIP("127.0.0.1")},
	}
	bytes, err := x509.CreateCertificate(rand.Reader, template, ca, key.Public(), caKey)
	if err != nil {
		return fmt.Errorf("serving certificate: %w", err)
	}
	if err := writePEM(files.certFile, "CERTIFICATE", bytes); err != nil {
		return err
	}
	return writeKey(files.keyFile, key)
}

// writeKubeconfig writes JSON, which is YAML.
func writeKubeconfig(files credentials, token string) error {
	type named map[string]any
	text, err := json.MarshalIndent(named{
		"apiVersion": "v1", "kind": "Config", "current-context": "rig",
		"clusters": []named{{"name": "rig", "cluster": named{"server": apiServerURL, "certificate-authority": files.caFile}}},
		"users":    []named{{"name": "admin", "user": named{"token": token}}},
		"contexts": []named{{"name": "rig", "context": named{"cluster": "rig", "user": "admin"}}},
	}, "", "  ")
	if err != nil {
		return fmt.Errorf("kubeconfig: %w", err)
	}
	return writeFile(files.kubeconfig, string(text)+"\n")
}

// adminAccess reads back what a client of the apiserver needs.
func (r *Rig) adminAccess() (token string, config *tls.Config, err error) {
	files := r.credentials()
	line, err := os.ReadFile(files.tokenFile)
	if err != nil {
		return "", nil, fmt.Errorf("admin access: %w", err)
	}
	for i, c := range line {
		if c == ',' {
			token = string(line[:i])
			break
		}
	}
	authority, err := os.ReadFile(files.caFile)
	if err != nil {
		return "", nil, fmt.Errorf("admin access: %w", err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	return token, &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13}, nil
}

// writeKey writes SEC 1: the apiserver takes the public half out of no other.
func writeKey(file string, key *ecdsa.PrivateKey) error {
	bytes, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return fmt.Errorf("key %s: %w", file, err)
	}
	return writePEM(file, "EC PRIVATE KEY", bytes)
}

func writePEM(file, kind string, bytes []byte) error {
	return writeFile(file, string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes})))
}

// writeFile writes a file of the rig and the folder it is in.
func writeFile(file, text string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o600)
}
