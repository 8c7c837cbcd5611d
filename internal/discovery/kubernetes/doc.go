// Package kubernetes looks for members inside a Kubernetes cluster: it asks the
// API for the pods of a Service or of labels, DNS where it may not, and gives
// the Service's own address as a door where nobody shows the pods one by one.
//
// What it may ask decides how much it knows, so a look goes down this list and
// stops at the first answer. "Missing right" is an answer of 403, or no token
// to ask with: today's default for a pod, and no fault. Whatever else goes wrong
// with the API ends the look with an error and nothing more is asked: a member that
// cannot know whether others are shown must wait, not go to the door and found a
// cluster beside theirs.
//
//	asked                answer                            then
//	-------------------- --------------------------------- -----------------------------------------
//	EndpointSlices       200                               the addresses; the end
//	                     403, or 404 (no such API group)   Endpoints; slices again after rightsAgain
//	Endpoints            200                               the addresses; the end
//	                     404                               nobody; "no Service NAME in NAMESPACE"
//	                     403                               DNS; one line names the Role that helps
//	(no token)                                             DNS; one line says how to mount it
//	Pods (by label, or   200                               the addresses; the end
//	the whole namespace) 403                               DNS of the default Service if the whole
//	                                                       namespace was meant; else an error
//	any of them          401, 5xx, other statuses, not     asked again kubernetes-api-retries times,
//	                     JSON, unreachable, silent, a      then an error; asked again after a pause
//	                     certificate of another CA         that doubles, from pauseFirst to pauseLast
//	DNS of the Service   no such name                      nobody; "no Service NAME in NAMESPACE"
//	                     several addresses, or one's own   the pods' addresses (headless); the end
//	                     the address in the pod's          the door
//	                     environment (NAME_SERVICE_HOST)
//	                     one that a reverse look-up calls  the pod's address
//	                     a pod of the Service
//	                     one of which nothing is known     the door: whoever answers says who it is
//	                     no answer                         the door if the environment knows the
//	                                                       Service's address; else an error
//
// In the DNS mode (service-dns) only the last six lines count.
//
// Addresses that are not ready are among those shown, since members become ready only
// after they have found one another; with resolve-not-ready-addresses=false
// they are left out as soon as there are ready ones. Those of pods that are
// terminating are left out where the answer tells: slices and pods do,
// Endpoints do not, and Kubernetes takes a terminating pod out of them itself
// unless the Service has publishNotReadyAddresses. A pod whose address is shown
// with another port than its own is told so.
//
// The port of a pod is service-port if that is set, else the port named
// hazelcast, else the only one, else this member's own, with a line.
//
// The API's lists are asked for without a resourceVersion, which is the one
// request that its own cache must not answer; DNS may be as old as its records
// live. Lists come in pages. The certificate is verified against the CA
// that is mounted into the pod; token and CA are read again after each failure,
// and the token each minute, so that rotated ones count.
//
// Every condition gives a text that stays the same while it lasts, in
// discovery.Found.Problems or the error: whoever writes the log writes each once.
// Found.Problems say nothing of what is normal for a while after a start
// (a Service that does not show this pod yet) before unseenPatience has passed.
//
// The decisions (what is asked next, what an answer shows, which port, pods or
// door) are functions without a connection; client.go and dns.go ask.
package kubernetes
