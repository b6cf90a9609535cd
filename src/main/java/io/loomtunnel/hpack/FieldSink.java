package io.loomtunnel.hpack;

/// Takes the fields of a block, in their order.
@FunctionalInterface
public interface FieldSink {
    /// One field, its octets as they were decoded: nothing about them has been checked. The arrays are only lent until the return.
    /// @param sensitive the field must never be put into a compression table (RFC 7541 §7.1.3)
    void field(byte[] names, int nameOffset, int nameLength, byte[] values, int valueOffset, int valueLength, boolean sensitive);
}
