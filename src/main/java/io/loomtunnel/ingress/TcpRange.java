package io.loomtunnel.ingress;

import static java.lang.System.Logger.Level.DEBUG;

import io.loomtunnel.http.StatusException;
import io.loomtunnel.net.Watchdog;
import io.loomtunnel.tunnel.Route;
import io.loomtunnel.tunnel.TunnelRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/// Ports for names that have none of their own. A name gets one when its first tunnel comes, and loses it a while after the last one
/// left. The same name gets the same port wherever it is free, after a restart of the server too: its hash says where
/// the search begins, unless it is remembered.
///
/// `lock` guards which port is whose. Binding a port, which never waits, happens under it; closing one does not.
final class TcpRange {
    private static final System.Logger LOG = System.getLogger(TcpRange.class.getName());
    private static final int MAX_REMEMBERED = 10_000;

    private final InetSocketAddress first;
    private final int size;
    private final TunnelRegistry tunnels;
    private volatile TcpIngressConfig config;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<Route.Tcp, Holder> holders = new HashMap<>();
    private final BitSet taken = new BitSet();                              // by the distance from the first port
    private final Map<Route.Tcp, Integer> remembered = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override protected boolean removeEldestEntry(Map.Entry<Route.Tcp, Integer> eldest) {
            return size() > MAX_REMEMBERED;
        }
    };
    private boolean stopped;

    /// Who has a port, and for how many tunnels.
    private static final class Holder {
        final TcpIngress ingress;
        final int place;
        int claims;
        Watchdog.Limit release;         // null while there are claims

        Holder(TcpIngress ingress, int place) {
            this.ingress = ingress;
            this.place = place;
        }
    }

    TcpRange(InetSocketAddress first, int last, TunnelRegistry tunnels, TcpIngressConfig config) {
        if (first.getPort() < 1 || last < first.getPort() || last > 0xffff) {
            throw new IllegalArgumentException("no range of ports: " + first.getPort() + "-" + last);
        }
        this.first = first;
        size = last - first.getPort() + 1;
        this.tunnels = tunnels;
        this.config = config;
    }

    void config(TcpIngressConfig next) {
        lock.lock();
        try {
            config = next;
            for (var holder : holders.values()) holder.ingress.config(next);
        } finally {
            lock.unlock();
        }
    }

    InetSocketAddress address(Route.Tcp route) {
        lock.lock();
        try {
            var holder = holders.get(route);
            return holder == null ? null : holder.ingress.localAddress();
        } finally {
            lock.unlock();
        }
    }

    /// @throws StatusException (503) no port is free
    int claim(Route.Tcp route) throws StatusException {
        lock.lock();
        try {
            var holder = holders.get(route);
            if (holder == null) {
                holder = open(route);
                holders.put(route, holder);
            }
            holder.claims++;
            if (holder.release != null) holder.release.close();
            holder.release = null;
            return first.getPort() + holder.place;
        } finally {
            lock.unlock();
        }
    }

    void release(Route.Tcp route) {
        lock.lock();
        try {
            var holder = holders.get(route);
            if (holder == null || --holder.claims > 0) return;
            holder.release = Watchdog.PROCESS.limit(config.release().plusNanos(1), () -> Thread.ofVirtual().start(() -> giveUp(route, holder)));
        } finally {
            lock.unlock();
        }
    }

    /// Opens no more ports.
    /// @return those that are open, now the caller's
    List<TcpIngress> stop() {
        lock.lock();
        try {
            stopped = true;
            var open = new ArrayList<TcpIngress>();
            for (var holder : holders.values()) {
                open.add(holder.ingress);
                if (holder.release != null) holder.release.close();
            }
            holders.clear();
            return open;
        } finally {
            lock.unlock();
        }
    }

    private Holder open(Route.Tcp route) throws StatusException {
        if (stopped) throw new StatusException(503, "this server is shutting down");
        int wish = remembered.getOrDefault(route, Math.floorMod(route.name().hashCode(), size));
        for (int i = 0; i < size; i++) {
            int place = (wish + i) % size;
            if (taken.get(place)) continue;
            try {
                var address = new InetSocketAddress(first.getAddress(), first.getPort() + place);
                var holder = new Holder(TcpIngress.start(address, route.name(), tunnels, config), place);
                taken.set(place);
                remembered.remove(route);
                remembered.put(route, place);
                return holder;
            } catch (IOException e) {
                LOG.log(DEBUG, "another program has a port of the range", e);
            }
        }
        throw new StatusException(503, "no port is free for " + route.name() + ": all of " + first.getPort() + "-" + (first.getPort() + size - 1)
                + " are taken");
    }

    private void giveUp(Route.Tcp route, Holder holder) {
        lock.lock();
        try {
            boolean claimed = holder.release == null;
            if (claimed || !holders.remove(route, holder)) return;
        } finally {
            lock.unlock();
        }
        holder.ingress.close();
        lock.lock();
        try {
            taken.clear(holder.place);
        } finally {
            lock.unlock();
        }
    }
}
