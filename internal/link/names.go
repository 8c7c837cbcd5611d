package link

// String is the lane's name in logs.
func (l Lane) String() string {
	switch l {
	case Control:
		return "control"
	case Effects:
		return "effects"
	case Forward:
		return "forward"
	case Bulk:
		return "bulk"
	case AskLane:
		return "ask"
	case Lanes:
	}
	return "unknown"
}

// String is the outcome's name in logs.
func (o Outcome) String() string {
	switch o {
	case Answered:
		return "answered"
	case Refused:
		return "refused"
	case Silent:
		return "silent"
	case Stranger:
		return "stranger"
	}
	return "unknown"
}

// String is the refusal's name in keys of log lines.
func (c refusalCode) String() string {
	return [...]string{
		"other", "version", "cluster name", "partition count", "not a member",
		"other member", "direction", "busy", "closed", "protocol", "unknown",
	}[min(c, refusalCodes)]
}
