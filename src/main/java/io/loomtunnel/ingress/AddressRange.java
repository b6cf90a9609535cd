package io.loomtunnel.ingress;

import java.net.InetAddress;

/// The IP addresses that begin with the same bits (RFC 4632 §3.1, RFC 4291 §2.3).
///
/// @param base   one of them
/// @param prefix how many bits they share, 0 to 32 or 128
public record AddressRange(InetAddress base, int prefix) {
    /// Refuses a prefix longer than the address.
    public AddressRange {
        if (prefix < 0 || prefix > base.getAddress().length * 8) throw new IllegalArgumentException("prefix " + prefix);
    }

    /// Reads `10.0.0.0/8`, `fd00::/8`, or one address.
    /// @param text without spaces; no name
    /// @return the range
    /// @throws IllegalArgumentException it is none; the message says what was expected
    public static AddressRange of(String text) {
        int slash = text.indexOf('/');
        try {
            var base = literal(slash < 0 ? text : text.substring(0, slash));
            return new AddressRange(base, slash < 0 ? base.getAddress().length * 8 : prefix(text.substring(slash + 1)));
        } catch (IllegalArgumentException _) {
            throw new IllegalArgumentException("not an address range: " + text + " (expected one as 10.0.0.0/8, fd00::/8 or 192.0.2.1)");
        }
    }

    /// Whether an address belongs to it. One of IPv4 never belongs to a range of IPv6, nor the other way round.
    /// @param address any
    /// @return true when its first bits are these
    public boolean holds(InetAddress address) {
        var ours = base.getAddress();
        var theirs = address.getAddress();
        if (ours.length != theirs.length) return false;
        int whole = prefix / 8;
        for (int i = 0; i < whole; i++) if (ours[i] != theirs[i]) return false;
        return prefix % 8 == 0 || (ours[whole] ^ theirs[whole]) >> 8 - prefix % 8 == 0;
    }

    /// An address in digits, whole: `10.1` means something else to each program.
    private static InetAddress literal(String text) {
        if (text.indexOf('%') >= 0 || text.indexOf(':') < 0 && text.split("\\.", -1).length != 4) throw new IllegalArgumentException(text);
        return InetAddress.ofLiteral(text);
    }

    private static int prefix(String digits) {
        if (digits.isEmpty() || digits.length() > 3) throw new IllegalArgumentException(digits);
        for (int i = 0; i < digits.length(); i++) {
            if (digits.charAt(i) < '0' || digits.charAt(i) > '9') throw new IllegalArgumentException(digits);
        }
        return Integer.parseInt(digits);
    }

    /// The spelling that [#of] reads.
    @Override public String toString() {
        return base.getHostAddress() + "/" + prefix;
    }
}
