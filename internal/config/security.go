package config

import "crypto/subtle"

// Security is the security element.
type Security struct {
	Enabled bool
	// Realms by name.
	Realms map[string]Realm
	// MemberRealm and ClientRealm name the realms of member-authentication and
	// client-authentication; "" when not set.
	MemberRealm string
	ClientRealm string
}

// Realm is one realm: how those who come are checked, and as whom this member
// presents itself.
type Realm struct {
	// Simple tells that authentication/simple is set; its Users may enter.
	Simple bool
	Users  []User
	// Other names a configured authentication that this member cannot perform:
	// jaas, ldap, kerberos or tls; "" for none.
	Other string
	// Identity is the identity/username-password; nil when not set.
	Identity *User
	// Token is the identity/token, decoded; nil when not set.
	Token []byte
}

// User is a name with its password and roles.
type User struct {
	Name     string
	Password string
	Roles    []string
}

// AuthenticationMethod is how clients prove who they are.
type AuthenticationMethod string

// The ways clients are authenticated.
const (
	// AuthenticateClusterName accepts every client that knows the cluster name.
	AuthenticateClusterName AuthenticationMethod = "cluster-name"
	// AuthenticatePassword accepts one of the Users, or the Token.
	AuthenticatePassword AuthenticationMethod = "password"
	// AuthenticateNobody refuses all: security is on and what it asks for
	// cannot be performed, so letting anybody in would be wrong.
	AuthenticateNobody AuthenticationMethod = "nobody"
)

// ClientAuthentication is what Security comes down to for clients.
type ClientAuthentication struct {
	Method AuthenticationMethod
	Users  []User
	Token  []byte
}

// ClientAuthentication returns how clients are checked. Without a
// client-authentication realm the member realm's identity is asked for
// (Hazelcast manual, "Default Authentication"), and without that only the
// cluster name.
func (s Security) ClientAuthentication() ClientAuthentication {
	if !s.Enabled {
		return ClientAuthentication{Method: AuthenticateClusterName}
	}
	name := s.ClientRealm
	if name == "" {
		name = s.MemberRealm
	}
	if name == "" {
		return ClientAuthentication{Method: AuthenticateClusterName}
	}
	realm, ok := s.Realms[name]
	switch {
	case !ok:
		return ClientAuthentication{Method: AuthenticateNobody}
	case s.ClientRealm != "" && realm.Other != "":
		return ClientAuthentication{Method: AuthenticateNobody}
	case s.ClientRealm != "" && realm.Simple:
		return ClientAuthentication{Method: AuthenticatePassword, Users: realm.Users}
	case realm.Identity != nil:
		return ClientAuthentication{Method: AuthenticatePassword, Users: []User{*realm.Identity}}
	case realm.Token != nil:
		return ClientAuthentication{Method: AuthenticatePassword, Token: realm.Token}
	}
	return ClientAuthentication{Method: AuthenticateClusterName}
}

// AcceptsPassword reports whether a client that sent this name and password may
// enter; anonymous ones send none (given is false). The time it takes does not
// tell how much of a password was right.
func (a ClientAuthentication) AcceptsPassword(name, password string, given bool) bool {
	if a.Method == AuthenticateClusterName {
		return true
	}
	if a.Method != AuthenticatePassword || !given {
		return false
	}
	ok := 0
	for _, u := range a.Users {
		same := subtle.ConstantTimeCompare([]byte(u.Name), []byte(name)) &
			subtle.ConstantTimeCompare([]byte(u.Password), []byte(password))
		ok |= same
	}
	return ok == 1
}

// AcceptsToken is AcceptsPassword for a client that sent a token.
func (a ClientAuthentication) AcceptsToken(token []byte) bool {
	if a.Method == AuthenticateClusterName {
		return true
	}
	return a.Method == AuthenticatePassword && a.Token != nil && subtle.ConstantTimeCompare(a.Token, token) == 1
}
