package io.loomtunnel.hpack;
public final class HpackException extends java.io.IOException {
    private static final long serialVersionUID = 1;
}
