package rig

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// cniPlugins is where Debian's containernetworking-plugins puts them.
const cniPlugins = "/usr/lib/cni"

// Socket is containerd's address, for ctr and crictl.
func (r *Rig) Socket() string { return filepath.Join(r.state.Dir, "containerd.sock") }

// startContainerd starts the container runtime.
func (r *Rig) startContainerd(ctx context.Context) error {
	dir := r.folder("containerd")
	config := filepath.Join(dir, "config.toml")
	// restrict_oom_score_adj: runc may not lower a score where the machine
	// does not let it, and then dies without a word about the reason.
	if err := writeFile(config, fmt.Sprintf(`version = 2
root = %[1]q
state = %[2]q
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.internal.v1.opt", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing",
]
[grpc]
  address = %[3]q
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = %[4]q
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = %[5]q
    conf_dir = %[6]q
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
`, filepath.Join(dir, "root"), filepath.Join(dir, "state"), r.Socket(), pauseImage, cniPlugins, r.folder("cni"))); err != nil {
		return err
	}
	if err := r.writeNetwork(); err != nil {
		return err
	}
	return r.start(ctx, "containerd", "containerd", "--config", config)
}

// writeNetwork configures the pods' network: one bridge. Addresses are not
// translated on the way out, for there is no outside; hairpinMode lets a pod
// reach itself through its Service.
func (r *Rig) writeNetwork() error {
	return writeFile(filepath.Join(r.folder("cni"), "10-rig.conflist"), `{
  "cniVersion": "0.4.0",
  "name": "rig",
  "plugins": [
    {
      "type": "bridge", "bridge": "cni0",
      "isGateway": true, "isDefaultGateway": true, "ipMasq": false, "hairpinMode": true,
      "ipam": {"type": "host-local", "dataDir": "`+r.folder("cni-addresses")+`", "ranges": [[{"subnet": "`+podCIDR+`"}]]}
    },
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
`)
}

// startKubelet starts the node agent. It runs on whatever machine there is: with
// swap, with the old cgroups, with a full disk, in a container; and it keeps the
// pods' control groups below one that is the rig's own.
func (r *Rig) startKubelet(ctx context.Context) error {
	dir := r.folder("kubelet")
	resolv := filepath.Join(dir, "resolv.conf")
	if err := writeFile(resolv, "nameserver "+NodeIP+"\n"); err != nil {
		return err
	}
	if err := os.Chmod(resolv, 0o644); err != nil {
		return fmt.Errorf("kubelet: %w", err)
	}
	config := filepath.Join(dir, "config.yaml")
	if err := writeFile(config, `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: `+NodeIP+`
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
containerRuntimeEndpoint: unix://`+r.Socket()+`
cgroupDriver: cgroupfs
cgroupRoot: /`+r.state.Name+`
failCgroupV1: false
failSwapOn: false
enforceNodeAllocatable: []
localStorageCapacityIsolation: false
evictionHard: {memory.available: "0%", nodefs.available: "0%", nodefs.inodesFree: "0%", imagefs.available: "0%"}
imageGCHighThresholdPercent: 100
clusterDNS: [`+NodeIP+`]
clusterDomain: `+ClusterDomain+`
resolvConf: `+resolv+`
podLogsDir: `+r.folder("pods")+`
volumePluginDir: `+filepath.Join(dir, "volume-plugins")+`
`); err != nil {
		return err
	}
	return r.startTool(ctx, "kubelet",
		"--config="+config, "--kubeconfig="+r.Kubeconfig(),
		"--root-dir="+filepath.Join(dir, "root"), "--cert-dir="+filepath.Join(dir, "pki"),
		"--hostname-override="+NodeName, "--node-ip="+NodeIP,
		"--node-labels=topology.kubernetes.io/zone="+Zone)
}

// startProxy starts the proxy that makes Services' addresses work. It leaves
// the machine's connection tracking as it is.
func (r *Rig) startProxy(ctx context.Context) error {
	return r.startTool(ctx, "kube-proxy",
		"--kubeconfig="+r.Kubeconfig(), "--hostname-override="+NodeName,
		"--proxy-mode=iptables", "--cluster-cidr="+podCIDR,
		"--conntrack-max-per-core=0", "--conntrack-tcp-timeout-established=0", "--conntrack-tcp-timeout-close-wait=0")
}
