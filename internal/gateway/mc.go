package gateway

import (
	"github.com/filbertgrid/filbert/internal/protocol"
	"github.com/filbertgrid/filbert/internal/wire"
)

// memberConfig serves MC.getMemberConfig, the one message for management tools that clients' programs use as well.
func memberConfig(s *Session, m wire.Message, r reply) error {
	if err := protocol.DecodeMCGetMemberConfigRequest(m, &protocol.MCGetMemberConfigRequest{}); err != nil {
		return err
	}
	answer := protocol.MCGetMemberConfigResponse{ConfigXML: s.g.Config()}
	r.send(func(dst []byte, correlation int64) []byte {
		return protocol.AppendMCGetMemberConfigResponse(dst, correlation, &answer)
	})
	return nil
}
