package io.loomtunnel.tunnel;

import io.loomtunnel.io.Deadline;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/// One route and the tunnels that serve it. The registry's lock guards every change; the look-ups take no lock and
/// may see the tunnels of a moment ago.
final class Service {
    /// How long a route is remembered after its last tunnel left: its client is probably restarting.
    static final Duration MEMORY = Duration.ofSeconds(10);

    private static final Place[] NONE = {};

    /// What a request can expect of a service that has no tunnel to give.
    enum State { EXPECTED, FULL, GONE }

    private final Route route;
    private volatile Place[] places = NONE;
    private volatile Deadline forgotten;               // once the last tunnel left; null before the first one came
    private volatile int claims;                       // attached or about to be
    private int turn;                                  // where the next look begins; a race costs a turn, no more

    Service(Route route) {
        this.route = route;
    }

    Route route() {
        return route;
    }

    /// Counts a claim, or one less.
    void claims(int more) {
        claims += more;
    }

    /// @param checked whether requests must wait until its program was found to be well; not when another tunnel of that program has shown it
    Place add(Tunnel tunnel, boolean checked) {
        boolean well = !checked;
        for (var place : places) well |= place.well() && place.tunnel().client().instance().equals(tunnel.client().instance());
        var added = new Place(tunnel, well);
        var more = Arrays.copyOf(places, places.length + 1);
        more[places.length] = added;
        places = more;
        return added;
    }

    void remove(Tunnel tunnel) {
        if (places.length == 0) return;
        places = Arrays.stream(places).filter(place -> place.tunnel() != tunnel).toArray(Place[]::new);
        if (places.length == 0) forgotten = Deadline.after(MEMORY);
    }

    /// The tunnel for the next request: of those that take one, the one with the fewest streams, and equals in turn.
    /// @param marks of the clients that go before all others, the dearest first
    /// @return null when none takes one
    Tunnel pick(List<String> marks) {
        for (;;) {
            var all = places;
            var picked = among(all, marks);
            // Who replaces a tunnel is added before that one is withdrawn: whoever saw only the old one looks again.
            if (picked != null || all == places) return picked;
        }
    }

    private Tunnel among(Place[] all, List<String> marks) {
        for (int i = 0; i < marks.size(); i++) {
            var kept = pick(all, marks.get(i));
            if (kept != null) return kept;
        }
        return pick(all, null);
    }

    private Tunnel pick(Place[] all, String mark) {
        if (all.length == 1) return all[0].accepting() && isOf(all[0], mark) ? all[0].tunnel() : null;
        int first = turn;
        int best = -1;
        int fewest = Integer.MAX_VALUE;
        for (int i = 0; i < all.length; i++) {
            int at = Math.floorMod(first + i, all.length);
            int streams = all[at].tunnel().streams();
            if (streams >= fewest || !isOf(all[at], mark) || !all[at].accepting()) continue;
            best = at;
            fewest = streams;
        }
        if (best < 0) return null;
        turn = best + 1;
        return all[best].tunnel();
    }

    private static boolean isOf(Place place, String mark) {
        return mark == null || mark.equals(place.tunnel().mark());
    }

    /// What there is to wait for when nothing can be picked.
    State state() {
        for (var place : places) if (place.full()) return State.FULL;
        return gone() ? State.GONE : State.EXPECTED;
    }

    /// Nobody serves it or is about to.
    boolean idle() {
        return claims == 0;
    }

    /// Nobody serves it, and it is not remembered either.
    boolean gone() {
        var until = forgotten;
        return idle() && (until == null || until.passed());
    }
}
