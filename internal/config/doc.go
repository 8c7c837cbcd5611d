// Package config turns what an operator wrote, a Hazelcast configuration file,
// environment variables and system properties, into one Config of domain types.
//
// The way of a setting:
//
//  1. The environment says whether this is a pod, and what the tutorial's
//     bootstrapper was told by HC_* variables; those count as defaults.
//  2. System properties are collected: -Dname=value words of JAVA_OPTS, then of
//     the command line, then those given by the caller. Later ones win.
//  3. The file is found: --config, else the property hazelcast.config, else
//     hazelcast.xml, hazelcast.yaml or hazelcast.yml in the working directory,
//     else none.
//  4. XML and YAML are parsed into the same tree of nodes (name, value, line,
//     children; an XML attribute is a child). Placeholders ${name} are replaced.
//  5. The tree is interpreted by the table of elements (table*.go). Every
//     element stands there once, for both formats: where its value goes, or
//     that it is known and not supported yet, or that it names Java classes, or
//     that it has no effect here. What is not in the table is a warning.
//  6. HZ_* variables, and system properties that begin with hz., become trees
//     too and pass through the same table over the result of the file.
//  7. Properties (hazelcast.* and filbert.*) are applied by their own table,
//     property_table.go, and what spans several elements is checked.
//
// Invariants: the files are never written, nothing but the file is read from
// outside of Source (but for the namespace of a mounted service account), and no state is kept between two loads. Every problem is
// one line that says where, what, and what is allowed. An unknown element, an
// unsupported one or a Java class never keeps a member from starting; a wrong
// value always does, since running with a guess is worse than not running.
//
// Behaviour follows the Hazelcast 5.5 reference manual, "Understanding
// Configuration", "Configuring with System Properties and Environment
// Variables" and "Using Wildcards"; docs/configuration.md lists every element
// and the few deliberate differences.
package config
