package config

import "strings"

// The variables of the tutorial's bootstrapper (github.com/pires/
// hazelcast-kubernetes-bootstrapper): what it told Hazelcast without a file. They
// count as defaults: a file and HZ_… win.
const (
	groupName     = "HC_GROUP_NAME"
	groupPassword = "HC_GROUP_PASSWORD" //nolint:gosec // the name of a variable
	groupPort     = "HC_PORT"
	restEnabled   = "HC_REST_ENABLED"
)

// bootstrapper applies them, before the file is read.
func (r *reader) bootstrapper(env map[string]string) {
	c := r.config
	r.setVariable(groupName, env[groupName], asName(&c.ClusterName))
	if port := env[groupPort]; port != "" && !isLink(port) { // a Service called hc makes it tcp://…
		r.setVariable(groupPort, port, asInt(&c.Network.Port, 1, 65535, ""))
		c.Network.PortAutoIncrement = false
	}
	var rest bool
	r.setVariable(restEnabled, env[restEnabled], asBool(&rest))
	if rest {
		r.warn(Place{Variable: restEnabled}, "", "known, but not supported yet: only the health endpoints (/hazelcast/health) and the cluster version are served, always.")
	}
}

// isLink tells whether the value of a variable NAME_PORT is what Kubernetes sets
// for a Service called so.
func isLink(value string) bool {
	scheme, _, ok := strings.Cut(value, "://")
	return ok && (scheme == "tcp" || scheme == "udp" || scheme == "sctp")
}

// password makes HC_GROUP_PASSWORD what clients must know, with the cluster's
// name as their user name, as it was in Hazelcast 3. Security that is configured wins.
func (r *reader) password(env map[string]string) {
	password, s := env[groupPassword], &r.config.Security
	if password == "" || s.Enabled {
		return
	}
	const realm = "group"
	s.Enabled, s.ClientRealm = true, realm
	s.Realms[realm] = Realm{Simple: true, Users: []User{{Name: r.config.ClusterName, Password: password}}}
	r.warn(Place{Variable: groupPassword}, "", "clients must come with the user name "+quote(r.config.ClusterName)+" and this password")
}

// prometheus takes PROMETHEUS_PORT, at which Hazelcast's image serves metrics.
func (r *reader) prometheus(env map[string]string) {
	text := strings.TrimSpace(env["PROMETHEUS_PORT"])
	if isLink(text) { // a Service called prometheus
		return
	}
	port := 0
	r.setVariable("PROMETHEUS_PORT", text, asInt(&port, 1, 65535, ""))
	if port != 0 && r.config.ManagementListen == "" {
		r.config.ManagementListen = ":" + text
	}
}
