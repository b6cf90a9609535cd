package io.loomtunnel.ingress;

import io.loomtunnel.net.ProxyProtocol;
import io.loomtunnel.net.SocketDuplex;
import io.loomtunnel.net.Watchdog;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;

/// The proxies in front of a public port: whose word about visitors is taken.
///
/// @param ranges        their addresses
/// @param proxyProtocol whether a connection from one of them begins with a PROXY header, version 1 or 2, which then must
///                      be there; from any other address none is ever read
public record TrustedProxies(List<AddressRange> ranges, boolean proxyProtocol) {
    /// Nobody is in front: each connection is a visitor's own.
    public static final TrustedProxies NONE = new TrustedProxies(List.of(), false);

    /// For the PROXY header, which a proxy sends first of all and at once.
    private static final Duration PROXY_HEADER = Duration.ofSeconds(10);

    /// Refuses a PROXY protocol that would be read from nobody.
    public TrustedProxies {
        ranges = List.copyOf(ranges);
        if (proxyProtocol && ranges.isEmpty()) {
            throw new IllegalArgumentException("a PROXY header is read from trusted addresses only, and none is trusted");
        }
    }

    /// Trusts these addresses.
    /// @param ranges of IPv4 or IPv6, as [AddressRange#of] reads them
    /// @return without the PROXY protocol
    /// @throws IllegalArgumentException one is none; the message names it
    public static TrustedProxies of(String... ranges) {
        return new TrustedProxies(List.of(ranges).stream().map(AddressRange::of).toList(), false);
    }

    /// The same, each connection of theirs beginning with a PROXY header.
    /// @return new trusted proxies
    public TrustedProxies withProxyProtocol() {
        return new TrustedProxies(ranges, true);
    }

    /// Where a connection comes from: by its proxy's PROXY header, if one must be there, which precedes all else.
    InetSocketAddress source(SocketDuplex connection) throws IOException {
        var address = connection.remoteAddress();
        if (!proxyProtocol || !trust(address.getAddress())) return address;
        try (var _ = Watchdog.PROCESS.limit(PROXY_HEADER, connection::reset)) {
            var header = ProxyProtocol.read(connection.in());
            return header.source() == null ? address : header.source();
        }
    }

    /// Whether a connection from this address is one of a trusted proxy.
    /// @param address of the peer; null is nobody's
    /// @return true when a range holds it
    public boolean trust(InetAddress address) {
        if (address == null) return false;
        for (int i = 0; i < ranges.size(); i++) if (ranges.get(i).holds(address)) return true;
        return false;
    }
}
