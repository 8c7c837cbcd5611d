// Package rig runs a real Kubernetes on one machine, for tests: etcd, the whole
// control plane, one node with its kubelet, containerd and kube-proxy, and
// CoreDNS. Pods, their addresses, Services, RBAC, the downward API, DNS, `kubectl
// logs` and `kubectl exec` are all real; it starts in about five seconds, needs
// root, no image registry and no network, and leaves nothing behind.
//
// # What runs, in this order
//
//  1. The keeper, a process that does nothing, with a network and a mount
//     namespace of its own. Everything else enters them (namespace.go). The
//     network has a loopback, a link with the node's address and a default
//     route, which the apiserver and the kubelet insist on. The folders that the
//     parts write to whatever they are told are memory of the rig's own.
//  2. Credentials: an authority, the apiserver's certificate, the key for service
//     accounts, and the token of an administrator (credentials.go).
//  3. A control group, in which all pods will be (cgroups.go).
//  4. etcd and containerd; then the pause image is loaded (images.go).
//  5. The apiserver, as soon as etcd is healthy (controlplane.go).
//  6. Controllers, scheduler, kubelet, kube-proxy and CoreDNS, as soon as the
//     apiserver is ready (node.go). The odd settings are explained where they
//     stand: most let a kubelet run on any machine there is.
//
// Start returns when the node is ready, Services and names work, and the default
// service account exists. It waits by asking the parts (ready.go), and a part that
// ends instead fails the start, with the end of its log in the error.
//
// # How it ends
//
// Close deletes the workloads, so that the kubelet takes them down in order, then
// ends the processes, those first that would start something again (close.go). With
// the last process the namespaces go, and with them mounts, links, addresses and
// rules: none of them has a name on the machine. Then it removes the control
// group and the folder.
//
// Nothing relies on that being reached. Before and after each step the state is
// written to a file: the name, the owner, and each process by its id and its start
// time, since ids are used again (state.go). From it alone a rig can be closed, and
// the next Start closes those whose owner has died. Containers and their shims,
// which nobody recorded, are found by the control group and by the rig's folder in
// their command lines. Processes are ended by id, never by name.
//
// Each rig has a name of its own, and several may run at once.
package rig
