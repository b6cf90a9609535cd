package io.loomtunnel.hpack;
public interface FieldSink { void field(byte[] names, int nameOffset, int nameLength, byte[] values, int valueOffset, int valueLength, boolean sensitive) throws java.io.IOException; }
