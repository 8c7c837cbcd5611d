package config

import (
	"maps"
	"slices"
	"strings"
)

// property is one row of the table of properties.
type property struct {
	name  string
	doc   string
	value value
}

// applyProperties gives the properties that were set to their fields. What the
// file or HZ_PROPERTIES_… says wins over a system property, as in Hazelcast
// (HazelcastProperties asks its configuration first); two different values are
// a warning.
func (r *reader) applyProperties(system map[string]string) {
	c := r.config
	for _, name := range slices.Sorted(maps.Keys(system)) {
		if !strings.HasPrefix(name, "hazelcast.") && !strings.HasPrefix(name, "filbert.") {
			continue
		}
		value, set := c.Properties[name]
		switch {
		case !set:
			c.Properties[name] = system[name]
			r.set[name] = Place{Variable: "-D" + name}
		case value != system[name]:
			r.warn(r.set[name], "properties/"+clipped(name),
				"wins over -D"+name+"="+clipped(system[name])+", as in Hazelcast")
		}
	}
	known := map[string]property{}
	for _, p := range propertyTable(c) {
		known[p.name] = p
	}
	ignored := ignoredProperties()
	for _, name := range slices.Sorted(maps.Keys(c.Properties)) {
		if p, ok := known[name]; ok {
			r.setProperty(p, c.Properties[name])
			continue
		}
		switch {
		case slices.Contains(ignored, name), strings.HasPrefix(name, pluginProperty):
		case strings.HasPrefix(name, "filbert."):
			r.warn(r.set[name], "properties/"+clipped(name), "unknown property, ignored")
		case strings.HasPrefix(name, "hazelcast."):
			r.warn(r.set[name], "properties/"+clipped(name), "property is not used here, ignored")
		}
	}
}

func (r *reader) setProperty(p property, text string) {
	text = strings.TrimSpace(text)
	if !p.value.set(text) {
		r.problem(r.set[p.name], "properties/"+p.name, ErrValue, "wrong value "+quote(text)+"; allowed: "+p.value.allowed())
	}
}

// ignoredProperties are properties of Hazelcast that are often set and that a
// member without a Java machine is right to pass over without a word.
func ignoredProperties() []string {
	return []string{
		"hazelcast.config",
		"hazelcast.phone.home.enabled",
		"hazelcast.logging.type",
		"hazelcast.shutdownhook.enabled",
		"hazelcast.shutdownhook.policy",
		"hazelcast.jmx",
		"hazelcast.health.monitoring.level",
		"hazelcast.diagnostics.enabled",
		"hazelcast.prefer.ipv4.stack",
		"hazelcast.persistence.auto.cluster.state",
		"hazelcast.stale.join.prevention.duration.seconds",
		"hazelcast.wait.seconds.before.join",
		"hazelcast.max.wait.seconds.before.join",
		"hazelcast.client.internal.executor.type",
		"hazelcast.enterprise.license.key",
		"hazelcast.internal.nearcache.expiration.task.initial.delay.seconds",
		"hazelcast.internal.nearcache.expiration.task.period.seconds",
	}
}
