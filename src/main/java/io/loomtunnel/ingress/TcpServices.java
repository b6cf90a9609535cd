package io.loomtunnel.ingress;

import io.loomtunnel.http.StatusException;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.tunnel.Route;
import io.loomtunnel.tunnel.TcpPorts;
import io.loomtunnel.tunnel.TunnelRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/// The TCP services of one server: some with a port of their own, open as long as the server is; the others take one of a range while
/// clients serve them.
public final class TcpServices implements TcpPorts, AutoCloseable {
    private final TunnelRegistry tunnels;
    private final TcpIngressConfig config;
    private final Map<String, TcpIngress> fixed = new ConcurrentSkipListMap<>();
    private volatile TcpRange range;                  // null: names without a port of their own are refused

    /// No services yet.
    /// @param tunnels where the clients are found
    /// @param config  of every port
    public TcpServices(TunnelRegistry tunnels, TcpIngressConfig config) {
        this.tunnels = tunnels;
        this.config = config;
    }

    /// Opens a port for a service.
    /// @param name    of the service
    /// @param address port 0 takes a free one
    /// @throws IOException the address can't be bound; the message says why
    /// @throws IllegalArgumentException the name is none, or it has a port
    public void open(String name, InetSocketAddress address) throws IOException {
        var route = new Route.Tcp(name);
        if (fixed.containsKey(route.name())) throw new IllegalArgumentException(route + " has a port already");
        fixed.put(route.name(), TcpIngress.start(address, name, tunnels, config));
    }

    /// Gives every other name a port of this range, as long as one is free.
    /// @param first its address, with the lowest port
    /// @param last  the highest port
    /// @throws IllegalArgumentException it is no range
    public void range(InetSocketAddress first, int last) {
        range = new TcpRange(first, last, tunnels, config);
    }

    /// Where the visitors of a service come.
    /// @param name of the service
    /// @return its address, or null when it has no port at the moment
    public InetSocketAddress address(String name) {
        var route = new Route.Tcp(name);
        var ingress = fixed.get(route.name());
        var ports = range;
        if (ingress != null) return ingress.localAddress();
        return ports == null ? null : ports.address(route);
    }

    @Override public int claim(Route.Tcp route) throws StatusException {
        var ingress = fixed.get(route.name());
        if (ingress != null) return ingress.localAddress().getPort();
        var ports = range;
        if (ports != null) return ports.claim(route);
        var known = fixed.isEmpty() ? "it has none" : "it has " + String.join(", ", fixed.keySet());
        throw new StatusException(403, "this server has no TCP service named " + route.name() + "; " + known);
    }

    @Override public void release(Route.Tcp route) {
        var ports = range;
        if (!fixed.containsKey(route.name()) && ports != null) ports.release(route);
    }

    /// Accepts no more visitors at any port, waits for those who are being served and resets the rest.
    /// @param grace how long they are waited for
    public void close(Deadline grace) {
        var all = new ArrayList<>(fixed.values());
        var ports = range;
        if (ports != null) all.addAll(ports.stop());
        close(all, grace);
    }

    /// Ends all of it at once.
    @Override public void close() {
        close(Deadline.after(Duration.ofNanos(1)));
    }

    /// All at once, since each takes a moment to notice.
    private static void close(Collection<TcpIngress> all, Deadline grace) {
        var closing = new ArrayList<Thread>();
        for (var ingress : all) closing.add(Thread.ofVirtual().name("loomtunnel-close").start(() -> ingress.close(grace)));
        for (var thread : closing) {
            try {
                thread.join();
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
                all.forEach(TcpIngress::close);
                return;
            }
        }
    }
}
