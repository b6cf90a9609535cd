package io.loomtunnel.tunnel;

import io.loomtunnel.net.Dialer;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;

/// Tells the addresses of a server's name.
@FunctionalInterface
interface Resolver {
    /// The system's.
    Resolver SYSTEM = Dialer::addresses;

    /// @param limit for the answer
    /// @return at least one
    /// @throws IOException there is none, or no answer
    List<InetAddress> addresses(String name, Duration limit) throws IOException;
}
