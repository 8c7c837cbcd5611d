package config

import "encoding/base64"

// securityTable binds the security element: realms, and which of them members
// and clients must pass.
func securityTable(s *Security) element {
	return group("security", "Who may enter. Where it asks for what cannot be performed, clients are refused.",
		leaf("enabled", "Whether the rest counts.", asBool(&s.Enabled)),
		realmsTable(s),
		group("client-authentication", "The realm that clients must pass; without it the identity of the member's realm is asked for.",
			leaf("realm", "A name of realms.", asName(&s.ClientRealm))),
		group("member-authentication", "The realm of members.",
			leaf("realm", "A name of realms.", asName(&s.MemberRealm))),
		java("client-permission-policy", "there are no permissions."),
		missing("client-permissions", "every client that entered may do everything."),
		java("security-interceptors", "requests are not intercepted."),
		idle("client-block-unmapped-actions", "There are no permissions."),
		java("member-credentials-factory", "use an identity."),
		java("member-login-modules", "use a realm."),
		java("client-login-modules", "use a realm."),
	)
}

func realmsTable(s *Security) element {
	e := named("realms", "Realms by name.", func(name string) scope {
		realm := s.Realms[name]
		return scope{
			elements: []element{
				authenticationTable(&realm),
				identityTable(&realm),
				java("access-control-service", "there are no permissions."),
			},
			done: func(*reader, *node) { s.Realms[name] = realm },
		}
	})
	e.item = "realm"
	return e
}

func authenticationTable(realm *Realm) element {
	refusing := func(e element) element {
		e.seen = func() { realm.Other = e.name }
		return e
	}
	return group("authentication", "How those who come are checked.",
		simpleTable(realm),
		refusing(java("jaas", "clients of this realm are refused.")),
		refusing(missing("ldap", "clients of this realm are refused.")),
		refusing(missing("kerberos", "clients of this realm are refused.")),
		refusing(missing("tls", "clients of this realm are refused.")),
	)
}

func simpleTable(realm *Realm) element {
	var separator string
	user := func(string) scope {
		var u User
		return scope{
			elements: []element{
				leaf("username", "The user's name.", asName(&u.Name)),
				leaf("password", "The user's password.", asSecret(&u.Password)),
				list("roles", "role", "The user's roles, in YAML.", asRoles(&u.Roles)),
				repeated("role", "A role, in XML.", asRoles(&u.Roles)),
			},
			done: func(r *reader, n *node) {
				if u.Name == "" {
					r.problem(n.place, "security/realms/simple/user", ErrStructure, "has no username; allowed: a text of 1 to 4096 bytes")
					return
				}
				realm.Users = append(realm.Users, u)
			},
		}
	}
	simple := group("simple", "Users with their passwords.",
		each("users", "The users, in YAML.", user),
		each("user", "A user, in XML.", user),
		leaf("role-separator", "Of no effect: there are no permissions.", asString(&separator)),
		idle("skip-identity", "There are no permissions."),
		idle("skip-endpoint", "There are no permissions."),
		idle("skip-role", "There are no permissions."),
	)
	simple.seen = func() { realm.Simple = true }
	return simple
}

// identityTable binds what a member presents, which is also what clients are
// asked for when no client-authentication is set.
func identityTable(realm *Realm) element {
	return group("identity", "As whom the member presents itself.",
		usernamePasswordTable(realm),
		tokenTable(realm),
		java("credentials-factory", "use username-password or token."),
		missing("kerberos", "use username-password or token."),
	)
}

func usernamePasswordTable(realm *Realm) element {
	var u User
	return groupScope("username-password", "A name and a password.", scope{
		elements: []element{
			leaf("username", "The name.", asName(&u.Name)),
			leaf("password", "The password.", asSecret(&u.Password)),
		},
		done: func(*reader, *node) { realm.Identity = &u },
	})
}

// tokenEncoding is how the text of a token is written.
type tokenEncoding string

const (
	tokenPlain  tokenEncoding = "none"
	tokenBase64 tokenEncoding = "base64"
)

func tokenTable(realm *Realm) element {
	encoding, text := tokenPlain, ""
	return groupScope("token", "A token.", scope{
		text: "value",
		elements: []element{
			leaf("encoding", "How the token is written.", asEnum(&encoding, []tokenEncoding{tokenPlain, tokenBase64})),
			leaf("value", "The token; in XML the text of the element.", asSecret(&text)),
		},
		done: func(r *reader, n *node) {
			realm.Token = []byte(text)
			if encoding != tokenBase64 {
				return
			}
			decoded, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				r.problem(n.place, "security/realms/identity/token", ErrValue, "not base64; allowed: base64, or encoding none")
				return
			}
			realm.Token = decoded
		},
	})
}
