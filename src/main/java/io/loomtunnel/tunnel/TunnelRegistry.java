package io.loomtunnel.tunnel;

import static java.lang.System.Logger.Level.WARNING;

import io.loomtunnel.http.StatusException;
import io.loomtunnel.io.Deadline;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/// The clients that are attached, and which of them gets the next request for a host.
///
/// A claim is admitted before the handshake's 101 and so keeps its hosts from other tokens; its tunnel is given
/// requests once it is attached. Look-ups take no lock. `lock` guards the claims, the services and their membership; no
/// tunnel is called and no listener told while it is held.
public final class TunnelRegistry implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(TunnelRegistry.class.getName());
    /// The most clients that one server takes.
    private static final int MAX_TUNNELS = 10_000;
    /// The most clients that are asked to find one that answers.
    private static final int ASKED = 8;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();       // `version` has risen
    private final Set<Claim> pending = new LinkedHashSet<>();
    private final Map<Claim, Tunnel> attached = new LinkedHashMap<>();
    private final Set<Tunnel> leaving = new LinkedHashSet<>();   // withdrawn, streams still open
    private final HealthConfig health;
    private final Services services = new Services();
    private final List<Consumer<TunnelEvent>> listeners = new CopyOnWriteArrayList<>();
    private volatile long version;
    private volatile boolean draining;
    private volatile Deadline settled = Deadline.after(Duration.ofNanos(1));
    private boolean closed;

    /// A registry without tunnels.
    public TunnelRegistry() {
        this(HealthConfig.DEFAULTS);
    }

    /// A registry without tunnels.
    /// @param health how the programs of clients that ask for it are checked
    public TunnelRegistry(HealthConfig health) {
        this.health = health;
    }

    /// The tunnel for the next request of a host, as things are now.
    /// @param authority the visitor's, with or without a port
    /// @param path      of the request
    /// @return one that takes new requests
    /// @throws StatusException 400: the path has dot segments; 404: nobody registered the host; 503: its tunnels are full, suspect or gone for the
    ///                         moment
    public Tunnel find(String authority, String path) throws StatusException {
        return find(authority, path, List.of());
    }

    /// The tunnel for the next request of a visitor who was served before, as things are now.
    /// @param authority the visitor's, with or without a port
    /// @param path      of the request
    /// @param marks     [of the clients][Tunnel#mark] that go before all others, the dearest first
    /// @return one that takes new requests, of another client if those take none
    /// @throws StatusException as [#find(String, String)]
    public Tunnel find(String authority, String path, List<String> marks) throws StatusException {
        return find(() -> services.find(authority, path), marks);
    }

    /// The tunnel for the next connection of a TCP service, as things are now.
    /// @param route of the service, which is found by its name and nothing else
    /// @return one that takes new connections
    /// @throws StatusException 404: nobody registered the name; 503: its tunnels are full, suspect or gone for the moment
    public Tunnel find(Route.Tcp route) throws StatusException {
        return find(() -> services.find(route), List.of());
    }

    /// What leads to a service, or to null.
    @FunctionalInterface
    private interface Lookup {
        Service find() throws StatusException;
    }

    private Tunnel find(Lookup wanted, List<String> marks) throws StatusException {
        for (;;) {
            var service = wanted.find();
            if (service == null) throw unknown();
            var tunnel = service.pick(marks);
            if (tunnel != null) return tunnel;
            if (service.state() != Service.State.GONE) throw unavailable();
            forget(service);           // and look again: a less exact route may serve the host
        }
    }

    /// The tunnel for the next request of a host; waits when the last one left a moment ago, or is not heard of.
    /// @param authority the visitor's, with or without a port
    /// @param path      of the request
    /// @param deadline  of the wait
    /// @return one that takes new requests
    /// @throws StatusException 400: the path has dot segments; 404: nobody registered the host; 503: its tunnels are full, or none came in time
    /// @throws IOException the thread was interrupted
    public Tunnel await(String authority, String path, Deadline deadline) throws IOException {
        return await(authority, path, List.of(), deadline);
    }

    /// The tunnel for the next request of a visitor who was served before; waits as [#await(String, String, Deadline)].
    /// @param authority the visitor's, with or without a port
    /// @param path      of the request
    /// @param marks     [of the clients][Tunnel#mark] that go before all others, the dearest first
    /// @param deadline  of the wait
    /// @return one that takes new requests, of another client if those take none
    /// @throws StatusException 400: the path has dot segments; 404: nobody registered the host; 503: its tunnels are full, or none came in time
    /// @throws IOException the thread was interrupted
    public Tunnel await(String authority, String path, List<String> marks, Deadline deadline) throws IOException {
        return await(() -> services.find(authority, path), marks, deadline);
    }

    /// The route by which a request finds its tunnel.
    /// @param authority the visitor's, with or without a port
    /// @param path      of the request
    /// @return null when nobody registered the host
    /// @throws StatusException 400: the path has dot segments
    public Route route(String authority, String path) throws StatusException {
        var service = services.find(authority, path);
        return service == null ? null : service.route();
    }

    /// The tunnel for the next connection of a TCP service; waits when the last one left a moment ago, or is not heard of.
    /// @param route    of the service, which is found by its name and nothing else
    /// @param deadline of the wait
    /// @return one that takes new connections
    /// @throws StatusException 404: nobody registered the name; 503: its tunnels are full, or none came in time
    /// @throws IOException the thread was interrupted
    public Tunnel await(Route.Tcp route, Deadline deadline) throws IOException {
        return await(() -> services.find(route), List.of(), deadline);
    }

    private Tunnel await(Lookup wanted, List<String> marks, Deadline deadline) throws IOException {
        for (;;) {
            long seen = version;       // read first: what changes from here on ends the wait below
            var service = wanted.find();
            if (service == null) {
                if (draining || settled.passed()) throw unknown();
                awaitSettled(seen, deadline);
                continue;
            }
            var tunnel = service.pick(marks);
            if (tunnel != null) return tunnel;
            switch (service.state()) {
                case FULL -> throw unavailable();
                case GONE -> forget(service);
                case EXPECTED -> {
                    if (draining && service.idle()) throw unavailable();   // nobody will be admitted any more
                    awaitChange(seen, deadline);
                }
            }
        }
    }

    /// The tunnels that are attached, the oldest first; those that only finish their last requests are not among them.
    /// @return a snapshot
    public List<Tunnel> tunnels() {
        lock.lock();
        try {
            return List.copyOf(attached.values());
        } finally {
            lock.unlock();
        }
    }

    /// A round trip through the first of some tunnels whose client answers.
    /// @param deadline of the wait
    /// @return how long it took
    /// @throws SocketTimeoutException no client answered in time
    /// @throws IOException no client is attached
    public Duration roundTrip(Deadline deadline) throws IOException {
        var pings = new ArrayList<Callable<Duration>>();
        for (var tunnel : tunnels()) {
            if (!tunnel.suspect() && pings.size() < ASKED) pings.add(() -> tunnel.ping(deadline));
        }
        if (pings.isEmpty()) throw new IOException("no client is attached");
        return RoundTrip.first(pings, deadline);
    }

    /// Expects clients that knew this server before it was started: for a while a name that nobody has registered is waited for,
    /// by those who wait at all.
    /// @param time from now
    public void expectClients(Duration time) {
        settled = Deadline.after(time.plusNanos(1));   // zero would be for ever
    }

    /// Tells a listener of everything that happens from now on.
    /// @param listener is called by the thread to which it happened, and must not block
    public void listen(Consumer<TunnelEvent> listener) {
        listeners.add(listener);
    }

    /// Admits no more clients and asks those that are attached to go elsewhere; they are served until they left.
    public void drain() {
        for (var tunnel : noMore()) tunnel.askToAttachAgain();
    }

    /// Lets every tunnel finish the requests that it has until the deadline, then closes it.
    /// @param deadline of all of them together
    public void close(Deadline deadline) {
        for (var tunnel : noMore()) tunnel.drain();
        awaitEmpty(deadline).forEach(Tunnel::close);
    }

    /// Ends all tunnels at once.
    @Override public void close() {
        close(Deadline.after(Duration.ofNanos(1)));
    }

    // ---- for the handshake -----------------------------------------------------------------------------------------

    /// Admits a claim, and makes sure that the other tunnels of its token are still there.
    /// @throws StatusException 409: a host is another token's, the token has all its connections, or this or a later dial of the slot
    ///                         is here; 503: full or draining
    void admit(Claim claim) throws StatusException {
        var siblings = new ArrayList<Tunnel>();
        boolean admitted;
        lock.lock();
        try {
            if (draining) throw new StatusException(503, "this server is shutting down");
            boolean full = pending.size() + attached.size() >= MAX_TUNNELS;
            if (full) throw new StatusException(503, "this server has all the clients it takes");
            for (var held : pending) refuseConflict(claim, held);
            for (var held : attached.keySet()) refuseConflict(claim, held);
            admitted = connections(claim) < claim.grant().connections();
            if (admitted) {
                pending.add(claim);
                services.claim(claim);
            }
            attached.forEach((held, tunnel) -> {
                if (held.owner().equals(claim.owner())) siblings.add(tunnel);
            });
        } finally {
            lock.unlock();
        }
        siblings.forEach(Tunnel::ask);         // also when they are too many: one may be the ghost of a client that started again
        if (admitted) return;
        int most = claim.grant().connections();
        throw new StatusException(409, "this token has " + (most == 1 ? "the one connection" : "all the " + most + " connections") + " that it may have");
    }

    /// The connections that count beside a new one: not those that it replaces, nor those that nobody answers on. The lock is held.
    private int connections(Claim claim) {
        int count = 0;
        for (var held : pending) if (besides(held, claim)) count++;
        for (var held : attached.entrySet()) if (besides(held.getKey(), claim) && !held.getValue().suspect()) count++;
        return count;
    }

    private static boolean besides(Claim held, Claim claim) {
        return held.owner().equals(claim.owner()) && !held.sameSlot(claim);
    }

    /// Gives requests to the tunnel of an admitted claim, which replaces earlier dials of its slot.
    /// @return false when a later dial of its slot was faster, it has said already that it leaves, or the registry is
    ///         closed
    boolean attach(Claim claim, Tunnel tunnel) {
        var replaced = new ArrayList<Tunnel>();
        Map<Route.Http, Place> checked;
        boolean leave;
        lock.lock();
        try {
            if (closed || tunnel.withdrawn()) return false;
            if (!claim.grant().objection(claim.routes(), Instant.now()).isEmpty()) return false;
            for (var held : attached.keySet()) if (held.replaces(claim)) return false;
            if (!pending.remove(claim)) return false;
            attached.put(claim, tunnel);
            checked = services.attach(claim, tunnel);
            for (var held : List.copyOf(attached.keySet())) if (claim.replaces(held)) replaced.add(withdrawn(held));
            leave = draining;
            wakeAll();
        } finally {
            lock.unlock();
        }
        replaced.forEach(Tunnel::retire);
        tunnel.start();
        if (leave) tunnel.askToAttachAgain();
        publish(new TunnelEvent.Attached(tunnel));
        checked.forEach((route, place) -> new HealthCheck(place, route, claim.health(), health, this::wakeWaiting, this::publish).start());
        return true;
    }

    /// Gives a claim's tunnel no more requests, and its hosts to whoever wants them: it has said that it leaves.
    void withdraw(Claim claim, Tunnel tunnel) {
        tunnel.withdraw();                             // before the lock: an attach that comes later sees it
        lock.lock();
        try {
            if (attached.containsKey(claim)) withdrawn(claim);
        } finally {
            lock.unlock();
        }
    }

    /// Ends every tunnel whose token has lost the right to it.
    void review(Instant now) {
        var all = new ArrayList<Tunnel>();
        lock.lock();
        try {
            all.addAll(attached.values());
            all.addAll(leaving);
        } finally {
            lock.unlock();
        }
        for (var tunnel : all) tunnel.review(now);
    }

    /// Whether no client is taken any more.
    boolean isClosed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }

    /// Forgets a claim whose handshake failed.
    void giveUp(Claim claim) {
        lock.lock();
        try {
            if (!pending.remove(claim)) return;
            services.release(claim, null);
            wakeAll();
        } finally {
            lock.unlock();
        }
    }

    /// Forgets a tunnel that has ended.
    void remove(Claim claim, Tunnel tunnel) {
        lock.lock();
        try {
            if (attached.containsKey(claim)) withdrawn(claim);
            if (!leaving.remove(tunnel)) return;
            wakeAll();
        } finally {
            lock.unlock();
        }
        publish(new TunnelEvent.Left(tunnel));
    }

    /// A tunnel became suspect, or takes streams again.
    void doubted(Tunnel tunnel) {
        wakeWaiting();
        publish(new TunnelEvent.Doubted(tunnel));
    }

    private static void refuseConflict(Claim claim, Claim held) throws StatusException {
        if (held.owner().equals(claim.owner())) {
            if (held.sameSlot(claim) && held.client().epoch() >= claim.client().epoch()) {
                throw new StatusException(409, "a later epoch of this connection is attached already");
            }
            return;
        }
        for (var route : claim.routes()) {
            if (held.owns(route)) throw new StatusException(409, shown(route) + " is taken by another token");
        }
    }

    /// Moves an attached claim to those that only finish. The lock is held.
    private Tunnel withdrawn(Claim claim) {
        var tunnel = attached.remove(claim);
        tunnel.withdraw();
        leaving.add(tunnel);
        services.release(claim, tunnel);
        return tunnel;
    }

    private void forget(Service service) {
        lock.lock();
        try {
            services.forget(service);
        } finally {
            lock.unlock();
        }
    }

    private void awaitChange(long seen, Deadline deadline) throws IOException {
        lock.lock();
        try {
            while (version == seen) deadline.await(changed);
        } catch (SocketTimeoutException _) {
            throw unavailable();
        } finally {
            lock.unlock();
        }
    }

    private void wakeWaiting() {
        lock.lock();
        try {
            wakeAll();
        } finally {
            lock.unlock();
        }
    }

    private void awaitSettled(long seen, Deadline deadline) throws IOException {
        boolean sooner = settled.left().compareTo(deadline.left()) < 0;
        try {
            awaitChange(seen, sooner ? settled : deadline);
        } catch (StatusException e) {
            if (!sooner) throw e;
        }
    }

    private void wakeAll() {
        version++;
        changed.signalAll();
    }

    private List<Tunnel> noMore() {
        lock.lock();
        try {
            draining = true;
            wakeAll();
            return List.copyOf(attached.values());
        } finally {
            lock.unlock();
        }
    }

    /// Waits until every tunnel has left.
    /// @return those that have not
    private List<Tunnel> awaitEmpty(Deadline deadline) {
        lock.lock();
        try {
            closed = true;
            while (!attached.isEmpty() || !leaving.isEmpty()) deadline.await(changed);
            return List.of();
        } catch (IOException _) {                      // time is up, or the thread interrupted
            var rest = new ArrayList<>(attached.values());
            rest.addAll(leaving);
            return rest;
        } finally {
            lock.unlock();
        }
    }

    private void publish(TunnelEvent event) {
        for (var listener : listeners) {
            try {
                listener.accept(event);
            } catch (RuntimeException e) {
                LOG.log(WARNING, "a listener failed", e);
            }
        }
    }

    private static String shown(Route route) {
        return route instanceof Route.Http(var host, _) ? host : route.toString();
    }

    private static StatusException unknown() {
        return new StatusException(404, "no client has registered this name");
    }

    private static StatusException unavailable() {
        return new StatusException(503, "no client can take the request now");
    }
}
