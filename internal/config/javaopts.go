package config

import "strings"

// javaOptions returns the system properties in words such as -Dname=value; the
// other words are options of a Java machine and mean nothing here.
func javaOptions(words []string) map[string]string {
	properties := map[string]string{}
	for _, w := range words {
		definition, ok := strings.CutPrefix(w, "-D")
		if !ok {
			continue
		}
		name, value, _ := strings.Cut(definition, "=")
		if name != "" {
			properties[name] = value
		}
	}
	return properties
}

// splitWords splits s into words as a shell does: white space separates,
// 'single' quotes keep everything, "double" quotes keep all but \" \\ \$ \`, a
// backslash keeps the next character. Nothing is expanded. The second result is
// false when a quote is not closed; the words are then those of the text as if
// it were closed at the end.
func splitWords(s string) ([]string, bool) {
	var (
		words  []string
		word   strings.Builder
		inWord bool
		quoted byte
	)
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quoted == '\'' && c == '\'', quoted == '"' && c == '"':
			quoted = 0
		case quoted == '\'':
			word.WriteByte(c)
		case c == '\\' && i+1 < len(s) && (quoted == 0 || strings.IndexByte("\"\\$`", s[i+1]) >= 0):
			i++
			word.WriteByte(s[i])
			inWord = true
		case quoted == '"':
			word.WriteByte(c)
		case c == '\'' || c == '"':
			quoted, inWord = c, true
		case strings.IndexByte(" \t\r\n", c) >= 0:
			if inWord {
				words = append(words, word.String())
				word.Reset()
				inWord = false
			}
		default:
			word.WriteByte(c)
			inWord = true
		}
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, quoted == 0
}
