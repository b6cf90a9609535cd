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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;

/// The TCP services of one server: some with a port of their own, open as long as the server is; the others take one of a range while
/// clients serve them.
public final class TcpServices implements TcpPorts, AutoCloseable {
    private final TunnelRegistry tunnels;
    private volatile TcpIngressConfig config;
    private final Map<String, TcpIngress> fixed = new ConcurrentSkipListMap<>();
    private final Map<String, InetSocketAddress> asked = new ConcurrentHashMap<>();     // for those of `fixed`
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
        asked.put(route.name(), address);
    }

    /// Opens and closes ports until each of these services has its own, and no other has one. Who is being served at a port that stays notices
    /// nothing; at one that goes there is some time left. One call at a time.
    /// @param wanted by the names of the services; port 0 takes a free one
    /// @param grace  for visitors of ports that are closed
    /// @throws IOException an address can't be bound; the message says why, and nothing was changed
    /// @throws IllegalArgumentException a name is none
    public void become(Map<String, InetSocketAddress> wanted, Duration grace) throws IOException {
        var names = new HashMap<String, InetSocketAddress>();
        wanted.forEach((name, address) -> names.put(new Route.Tcp(name).name(), address));
        var opened = new HashMap<String, TcpIngress>();
        try {
            for (var entry : names.entrySet()) {
                if (entry.getValue().equals(asked.get(entry.getKey()))) continue;
                opened.put(entry.getKey(), TcpIngress.start(entry.getValue(), entry.getKey(), tunnels, config));
            }
        } catch (IOException | RuntimeException e) {
            opened.values().forEach(TcpIngress::close);
            throw e;
        }
        var closed = new ArrayList<TcpIngress>();
        opened.forEach((name, ingress) -> {
            var old = fixed.put(name, ingress);
            if (old != null) closed.add(old);
        });
        for (var name : List.copyOf(fixed.keySet())) if (!names.containsKey(name)) closed.add(fixed.remove(name));
        asked.clear();
        asked.putAll(names);
        var end = Deadline.after(grace.plusNanos(1));
        if (!closed.isEmpty()) Thread.ofVirtual().name("loomtunnel-close").start(() -> close(closed, end));
    }

    /// Holds for visitors who come from now on; how many a port takes at once stays as it is for those that are open.
    /// @param next of every port
    public void config(TcpIngressConfig next) {
        config = next;
        fixed.values().forEach(ingress -> ingress.config(next));
        var ports = range;
        if (ports != null) ports.config(next);
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
