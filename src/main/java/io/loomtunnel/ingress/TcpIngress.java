package io.loomtunnel.ingress;

import io.loomtunnel.io.Deadline;
import io.loomtunnel.io.Pump;
import io.loomtunnel.net.Listener;
import io.loomtunnel.net.ListenerConfig;
import io.loomtunnel.net.SocketDuplex;
import io.loomtunnel.tunnel.Route;
import io.loomtunnel.tunnel.TcpConnect;
import io.loomtunnel.tunnel.TunnelRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;

/// The public side for one TCP service: carries each connection to its port through a tunnel of the service's name, byte by byte, with
/// its half-closes and its resets. A connection that cannot be served is reset, as one to a closed port is refused.
public final class TcpIngress implements AutoCloseable {
    private final Route.Tcp route;
    private final TunnelRegistry tunnels;
    private volatile TcpIngressConfig config;
    private Listener listener;

    private TcpIngress(Route.Tcp route, TunnelRegistry tunnels, TcpIngressConfig config) {
        this.route = route;
        this.tunnels = tunnels;
        this.config = config;
    }

    /// Opens a public port.
    /// @param address where visitors come; port 0 takes a free one
    /// @param name    of the service: clients that registered it get the connections, and nobody else
    /// @param tunnels where they are found
    /// @param config  limits and time-outs
    /// @return to be closed
    /// @throws IllegalArgumentException the name is none
    /// @throws IOException the address can't be bound; the message says why
    public static TcpIngress start(InetSocketAddress address, String name, TunnelRegistry tunnels, TcpIngressConfig config) throws IOException {
        var ingress = new TcpIngress(new Route.Tcp(name), tunnels, config);
        var listening = ListenerConfig.DEFAULTS.withName("tcp-" + ingress.name()).withMaxConnections(config.maxConnections());
        ingress.listener = Listener.start(address, listening, ingress::serve);
        return ingress;
    }

    /// The service.
    /// @return its name
    public String name() {
        return route.name();
    }

    /// Where visitors come.
    /// @return the address, with the port that was taken
    public InetSocketAddress localAddress() {
        return listener.localAddress();
    }

    /// The connections that are being served.
    /// @return their number
    public int connections() {
        return listener.connections();
    }

    /// Holds for visitors who come from now on; the number of connections stays what it is.
    /// @param next replaces limits and time-outs
    public void config(TcpIngressConfig next) {
        config = next;
    }

    private void serve(SocketDuplex visitor) throws IOException {
        var config = this.config;
        try {
            var connect = new TcpConnect(route, config.proxies().source(visitor), visitor.localAddress());
            var tunnel = TunnelDuplex.open(connect, tunnels, config);
            visitor.idleTimeout(config.idleTimeout());
            visitor.waitForPeer();
            Pump.relay(visitor, tunnel);
        } catch (IOException e) {
            visitor.reset();
            throw e;
        }
    }

    /// Accepts no more visitors, waits for those who are being served and resets the rest.
    /// @param grace how long they are waited for
    /// @return whether nobody had to be reset
    public boolean close(Deadline grace) {
        return listener.stop(grace);
    }

    /// Ends at once, whatever is under way.
    @Override public void close() {
        listener.close();
    }
}
