package serial

// Type ids of the built-in serializers, as they stand in bytes 4 to 8 of a Data blob. A positive id belongs to
// a custom serializer of the application. The ids are part of the protocol and never change.
const (
	TypeNull                 int32 = 0
	TypePortable             int32 = -1
	TypeDataSerializable     int32 = -2
	TypeByte                 int32 = -3
	TypeBoolean              int32 = -4
	TypeChar                 int32 = -5
	TypeShort                int32 = -6
	TypeInteger              int32 = -7
	TypeLong                 int32 = -8
	TypeFloat                int32 = -9
	TypeDouble               int32 = -10
	TypeString               int32 = -11
	TypeByteArray            int32 = -12
	TypeBooleanArray         int32 = -13
	TypeCharArray            int32 = -14
	TypeShortArray           int32 = -15
	TypeIntegerArray         int32 = -16
	TypeLongArray            int32 = -17
	TypeFloatArray           int32 = -18
	TypeDoubleArray          int32 = -19
	TypeStringArray          int32 = -20
	TypeUUID                 int32 = -21
	TypeSimpleEntry          int32 = -22
	TypeSimpleImmutableEntry int32 = -23
	TypeJavaClass            int32 = -24
	TypeDate                 int32 = -25
	TypeBigInteger           int32 = -26
	TypeBigDecimal           int32 = -27
	TypeArray                int32 = -28
	TypeArrayList            int32 = -29
	TypeLinkedList           int32 = -30
	TypeLocalDate            int32 = -51
	TypeLocalTime            int32 = -52
	TypeLocalDateTime        int32 = -53
	TypeOffsetDateTime       int32 = -54
	TypeCompact              int32 = -55
	TypeJavaSerializable     int32 = -100
	TypeExternalizable       int32 = -101
	TypeJSON                 int32 = -130
)
