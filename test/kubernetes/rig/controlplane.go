package rig

import (
	"context"
	"path/filepath"
)

// startEtcd starts the apiserver's store. It is thrown away with the rig, so
// nothing has to be safe on disk.
func (r *Rig) startEtcd(ctx context.Context) error {
	return r.startTool(ctx, "etcd",
		"--name=rig", "--data-dir="+r.folder("etcd"), "--unsafe-no-fsync",
		"--listen-client-urls="+etcdURL, "--advertise-client-urls="+etcdURL,
		"--listen-peer-urls=http://127.0.0.1:2380", "--initial-advertise-peer-urls=http://127.0.0.1:2380",
		"--initial-cluster=rig=http://127.0.0.1:2380", "--log-level=warn")
}

// startAPIServer starts the apiserver. A token of the administrator works at
// once, without certificates for people. Everything else is as kubeadm has it,
// RBAC before all: what a pod may look up is what the tests are about.
func (r *Rig) startAPIServer(ctx context.Context) error {
	files := r.credentials()
	return r.startTool(ctx, "kube-apiserver",
		"--etcd-servers="+etcdURL,
		"--bind-address=0.0.0.0", "--advertise-address="+NodeIP, "--secure-port=6443",
		"--cert-dir="+r.folder("apiserver"),
		"--tls-cert-file="+files.certFile, "--tls-private-key-file="+files.keyFile,
		"--token-auth-file="+files.tokenFile,
		"--authorization-mode=Node,RBAC",
		"--service-account-issuer=https://kubernetes.default.svc."+ClusterDomain,
		"--service-account-key-file="+files.serviceAccountKey,
		"--service-account-signing-key-file="+files.serviceAccountKey,
		"--service-cluster-ip-range="+serviceCIDR,
		"--kubelet-preferred-address-types=InternalIP",
		"--allow-privileged=true", "--profiling=false", "--event-ttl=15m")
}

// startControllers starts the controllers. There is one of each, so nobody has
// to be elected.
func (r *Rig) startControllers(ctx context.Context) error {
	files := r.credentials()
	return r.startTool(ctx, "kube-controller-manager",
		"--kubeconfig="+files.kubeconfig, "--leader-elect=false",
		"--bind-address=127.0.0.1", "--cert-dir="+r.folder("controllers"),
		"--service-account-private-key-file="+files.serviceAccountKey,
		"--root-ca-file="+files.caFile, // what pods find in ca.crt
		"--profiling=false")
}

func (r *Rig) startScheduler(ctx context.Context) error {
	return r.startTool(ctx, "kube-scheduler",
		"--kubeconfig="+r.Kubeconfig(), "--leader-elect=false",
		"--bind-address=127.0.0.1", "--cert-dir="+r.folder("scheduler"), "--profiling=false")
}

// startDNS starts CoreDNS with what kubeadm configures, less what needs a world
// outside: there is no server to pass other names on to, so they are refused.
func (r *Rig) startDNS(ctx context.Context) error {
	file := filepath.Join(r.folder("coredns"), "Corefile")
	if err := writeFile(file, `.:53 {
	bind `+NodeIP+`
	errors
	health `+NodeIP+`:8080
	ready `+NodeIP+`:8181
	kubernetes `+ClusterDomain+` in-addr.arpa ip6.arpa {
		kubeconfig `+r.Kubeconfig()+` rig
		pods insecure
		fallthrough in-addr.arpa ip6.arpa
		ttl 30
	}
	cache 30 {
		disable success `+ClusterDomain+`
		disable denial `+ClusterDomain+`
	}
	loadbalance
}
`); err != nil {
		return err
	}
	return r.startTool(ctx, "coredns", "-conf", file)
}

// startTool starts a part whose name is its program's.
func (r *Rig) startTool(ctx context.Context, name string, args ...string) error {
	program, err := r.tool(name)
	if err != nil {
		return err
	}
	return r.start(ctx, name, program, args...)
}

func (r *Rig) folder(name string) string { return filepath.Join(r.state.Dir, name) }
