package member

import (
	"encoding/xml"
	"slices"
	"strconv"
	"strings"

	"github.com/filbertgrid/filbert/internal/config"
)

// describe is the configuration in Hazelcast's XML, as far as it says what
// this member does. Secrets are not in it.
func describe(c *config.Config) string {
	type property struct {
		Name  string `xml:"name,attr"`
		Value string `xml:",chardata"`
	}
	type mapElement struct {
		Name             string `xml:"name,attr"`
		BackupCount      int    `xml:"backup-count"`
		AsyncBackupCount int    `xml:"async-backup-count"`
		TimeToLive       int64  `xml:"time-to-live-seconds"`
		MaxIdle          int64  `xml:"max-idle-seconds"`
		ReadBackupData   bool   `xml:"read-backup-data"`
		Statistics       bool   `xml:"statistics-enabled"`
	}
	type groups struct {
		Enabled bool   `xml:"enabled,attr"`
		Type    string `xml:"group-type,attr"`
	}
	root := struct {
		XMLName     xml.Name     `xml:"http://www.hazelcast.com/schema/config hazelcast"`
		ClusterName string       `xml:"cluster-name"`
		Port        string       `xml:"network>port"`
		Properties  []property   `xml:"properties>property"`
		Maps        []mapElement `xml:"map"`
		Groups      groups       `xml:"partition-group"`
		LiteMember  struct {
			Enabled bool `xml:"enabled,attr"`
		} `xml:"lite-member"`
	}{ClusterName: c.ClusterName, Port: strconv.Itoa(c.MemberEndpoint().Port)}
	root.LiteMember.Enabled = c.LiteMember
	root.Groups = groups{c.PartitionGroup.Enabled, string(c.PartitionGroup.Rule())}
	for name, value := range c.Properties { //nolint:maprange // sorted below
		if !strings.Contains(name, "password") && !strings.Contains(name, "token") {
			root.Properties = append(root.Properties, property{name, value})
		}
	}
	slices.SortFunc(root.Properties, func(a, b property) int { return strings.Compare(a.Name, b.Name) })
	for name, m := range c.Maps { //nolint:maprange // sorted below
		root.Maps = append(root.Maps, mapElement{
			Name: name, BackupCount: m.BackupCount, AsyncBackupCount: m.AsyncBackupCount,
			TimeToLive: int64(m.TimeToLive.Seconds()), MaxIdle: int64(m.MaxIdle.Seconds()),
			ReadBackupData: m.ReadBackupData, Statistics: m.StatisticsEnabled,
		})
	}
	slices.SortFunc(root.Maps, func(a, b mapElement) int { return strings.Compare(a.Name, b.Name) })
	text, err := xml.MarshalIndent(root, "", "  ")
	if err != nil {
		return "" // plain strings and numbers: does not happen
	}
	return xml.Header + string(text)
}
