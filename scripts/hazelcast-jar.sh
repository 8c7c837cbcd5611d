#!/usr/bin/env bash
# Prints where the jar of Hazelcast is that `make bench` compares with: HAZELCAST_JAR
# if that is set, else com.hazelcast:hazelcast by its Maven coordinates, from whatever
# repositories Maven is set up with on this machine (Maven Central by itself).
# Without a JVM, or without Maven and a jar, one line on standard error says why.
set -euo pipefail

version=${HAZELCAST_VERSION:-5.5.0}

die() {
	echo "hazelcast-jar: $*" >&2
	exit 1
}

command -v java >/dev/null || die "there is no java"
if [ -n "${HAZELCAST_JAR:-}" ]; then
	[ -r "$HAZELCAST_JAR" ] || die "HAZELCAST_JAR is $HAZELCAST_JAR, which cannot be read"
	printf '%s\n' "$HAZELCAST_JAR"
	exit
fi
jar=${MAVEN_REPO_LOCAL:-$HOME/.m2/repository}/com/hazelcast/hazelcast/$version/hazelcast-$version.jar
if [ ! -r "$jar" ]; then
	command -v mvn >/dev/null || die "there is neither $jar nor mvn to get it; HAZELCAST_JAR may name another"
	mvn -q dependency:get "-Dmaven.repo.local=${jar%/com/hazelcast/*}" -Dtransitive=false \
		-Dartifact="com.hazelcast:hazelcast:$version" >&2 || die "mvn could not get com.hazelcast:hazelcast:$version"
	[ -r "$jar" ] || die "mvn got com.hazelcast:hazelcast:$version, but it is not at $jar"
fi
printf '%s\n' "$jar"
