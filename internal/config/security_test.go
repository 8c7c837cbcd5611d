package config

import "testing"

func TestClientAuthentication(t *testing.T) {
	ann := User{Name: "ann", Password: "secret"}
	realms := map[string]Realm{
		"simple":   {Simple: true, Users: []User{{Name: "bob", Password: "x"}, ann}},
		"identity": {Identity: &ann},
		"token":    {Token: []byte("t")},
		"jaas":     {Other: "jaas", Identity: &ann},
		"nothing":  {},
	}
	tests := map[string]struct {
		security          Security
		method            AuthenticationMethod
		ann, anonymous    bool
		tokenIsAuthorised bool
	}{
		"off":              {Security{Realms: realms, ClientRealm: "simple"}, AuthenticateClusterName, true, true, true},
		"on, no realm":     {Security{Enabled: true}, AuthenticateClusterName, true, true, true},
		"users":            {Security{Enabled: true, Realms: realms, ClientRealm: "simple"}, AuthenticatePassword, true, false, false},
		"identity":         {Security{Enabled: true, Realms: realms, ClientRealm: "identity"}, AuthenticatePassword, true, false, false},
		"member identity":  {Security{Enabled: true, Realms: realms, MemberRealm: "identity"}, AuthenticatePassword, true, false, false},
		"token":            {Security{Enabled: true, Realms: realms, MemberRealm: "token"}, AuthenticatePassword, false, false, true},
		"jaas":             {Security{Enabled: true, Realms: realms, ClientRealm: "jaas"}, AuthenticateNobody, false, false, false},
		"jaas for members": {Security{Enabled: true, Realms: realms, MemberRealm: "jaas"}, AuthenticatePassword, true, false, false},
		"unknown":          {Security{Enabled: true, Realms: realms, ClientRealm: "?"}, AuthenticateNobody, false, false, false},
		"empty realm":      {Security{Enabled: true, Realms: realms, ClientRealm: "nothing"}, AuthenticateClusterName, true, true, true},
	}
	for name, test := range tests {
		a := test.security.ClientAuthentication()
		if a.Method != test.method {
			t.Errorf("%s: method is %s", name, a.Method)
		}
		if got := a.AcceptsPassword("ann", "secret", true); got != test.ann {
			t.Errorf("%s: ann %v", name, got)
		}
		if got := a.AcceptsPassword("", "", false); got != test.anonymous {
			t.Errorf("%s: anonymous %v", name, got)
		}
		if got := a.AcceptsToken([]byte("t")); got != test.tokenIsAuthorised {
			t.Errorf("%s: token %v", name, got)
		}
		if a.Method != AuthenticateClusterName && (a.AcceptsPassword("ann", "Secret", true) || a.AcceptsPassword("bob", "secret", true)) {
			t.Errorf("%s: accepts a wrong password", name)
		}
	}
}
