package config

// table returns everything that may stand below the root element hazelcast,
// bound to the fields of c. The sections are those of Hazelcast 5.5.
func table(c *Config) scope {
	elements := []element{
		leaf("cluster-name", "Members and clients of another name are refused.", asName(&c.ClusterName)),
		leaf("instance-name", "Names this member in its log.", asString(&c.InstanceName)),
		group("lite-member", "A lite member owns no partitions.",
			leaf("enabled", "Whether this member is one.", asBool(&c.LiteMember))),
		memberAttributes(c),
		properties("properties", "Properties of Hazelcast and Filbert, see below.", &c.Properties),
		networkTable(c),
		advancedNetworkTable(c),
		securityTable(&c.Security),
		mapTable(c),
		partitionGroupTable(c),
		protectionTable(c),
	}
	elements = append(elements, structureTable()...)
	elements = append(elements, javaTable()...)
	elements = append(elements, otherTable()...)
	return scope{elements: elements}
}

// memberAttributes binds <attribute name="x">v</attribute> and x: {value: v}.
func memberAttributes(c *Config) element {
	e := named("member-attributes", "Shown in the member list, by name.", func(name string) scope {
		var text, kind string
		return scope{
			text: "value",
			elements: []element{
				leaf("value", "The attribute's text.", asString(&text)),
				{
					name: "type", kind: kindValue, support: noEffect, value: asString(&kind),
					doc: "Of older versions; every attribute is a text.",
				},
			},
			done: func(*reader, *node) { c.MemberAttributes[name] = text },
		}
	})
	e.item = "attribute"
	return e
}

// structureTable holds the sections of structures that are not served yet.
func structureTable() []element {
	structures := []struct{ name, what string }{
		{"multimap", "multimaps"},
		{"replicatedmap", "replicated maps"},
		{"queue", "queues"},
		{"list", "lists"},
		{"set", "sets"},
		{"topic", "topics"},
		{"reliable-topic", "reliable topics"},
		{"ringbuffer", "ringbuffers"},
		{"pn-counter", "PN counters"},
		{"flake-id-generator", "Flake ID generators"},
		{"reliable-id-generator", "Flake ID generators"},
		{"cardinality-estimator", "cardinality estimators"},
		{"cache", "JCache caches"},
		{"vector-collection", "vector collections"},
		{"executor-service", "executors"},
		{"durable-executor-service", "durable executors"},
		{"scheduled-executor-service", "scheduled executors"},
	}
	elements := make([]element, 0, len(structures))
	for _, s := range structures {
		elements = append(elements, missing(s.name, s.what+" are not served."))
	}
	return elements
}

// javaTable holds the sections that only name Java classes or tune the Java
// machine.
func javaTable() []element {
	return []element{
		java("listeners", "they cannot be called."),
		serializationTable(),
		java("user-code-deployment", "no code is loaded."),
		java("user-code-namespaces", "no code is loaded."),
		idle("native-memory", "Memory is not divided into heap and native memory here."),
		idle("integrity-checker", "There are no classes to check."),
		idle("tpc", "Threads are not assigned by hand here."),
		java("auditlog", "nothing is audited."),
	}
}

// serializationTable binds serialization: members never look into values, so
// only what names classes is worth a word.
func serializationTable() element {
	return group("serialization", "Values are kept as clients send them; how clients serialize is theirs.",
		idle("portable-version", "The client's."),
		idle("use-native-byte-order", "The client's."),
		idle("byte-order", "The client's."),
		idle("enable-compression", "The client's."),
		idle("enable-shared-object", "The client's."),
		idle("allow-unsafe", "The client's."),
		idle("allow-override-default-serializers", "The client's."),
		idle("check-class-def-errors", "The client's."),
		java("data-serializable-factories", "values are kept as clients send them."),
		java("portable-factories", "values are kept as clients send them."),
		java("serializers", "values are kept as clients send them."),
		java("global-serializer", "values are kept as clients send them."),
		java("java-serialization-filter", "no Java object is made."),
		java("compact-serialization", "clients send their schemas themselves."),
	)
}

// otherTable holds the rest of Hazelcast's sections.
func otherTable() []element {
	cp := missing("cp-subsystem", "there are no CP structures.")
	cp.quiet = func(n *node) bool {
		count := n.text("cp-member-count")
		return count == "" || count == "0"
	}
	return []element{
		idle("license-key", "No licence is needed."),
		idle("management-center", "Management Center is not served; Prometheus metrics are."),
		idle("metrics", "Metrics are always kept; filbert.management.address says where they are served."),
		missing("import", "the named files are not read; put everything into one file."),
		missing("config-replacers", "encrypted values stay as they are; ${name} placeholders work without it."),
		missing("wan-replication", "nothing is replicated to other clusters."),
		missing("hot-restart-persistence", "data is kept in memory only."),
		missing("persistence", "data is kept in memory only."),
		missing("local-device", "data is kept in memory only."),
		missing("dynamic-configuration", "nothing is written back."),
		missing("crdt-replication", "PN counters are not served."),
		cp,
		missing("instance-tracking", "no tracking file is written."),
		missing("sql", "there is no SQL."),
		missing("jet", "there are no pipelines."),
		missing("data-connection", "there are no connections to other systems."),
		missing("rest", "there is no REST server on a port of its own."),
		{
			name: "id", kind: kindOpaque, support: noEffect,
			doc: "The XML schema's own attribute.",
		},
	}
}
