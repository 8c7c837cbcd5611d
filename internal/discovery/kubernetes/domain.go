package kubernetes

import "strings"

// defaultDomain is what most clusters call themselves.
const defaultDomain = "cluster.local"

// DomainIn returns the cluster's domain, as the resolv.conf that Kubernetes gives
// to a pod tells it: its search list has svc.DOMAIN. Without one it is
// cluster.local.
func DomainIn(resolvConf string) string {
	for line := range strings.Lines(resolvConf) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] != "search" {
			continue
		}
		for _, w := range words[1:] {
			if domain, ok := strings.CutPrefix(w, "svc."); ok && domain != "" {
				return strings.TrimSuffix(domain, ".")
			}
		}
	}
	return defaultDomain
}
