package io.loomtunnel.tunnel;

import io.loomtunnel.http2.StreamQuota;
import io.loomtunnel.tunnel.Authenticator.Verdict;
import java.time.Instant;
import java.util.List;

/// What the clients of one token may have, all of them together. A token of a [list][Tokens] may lose it while they are attached.
public final class Grant {
    private final String owner;
    private final StreamQuota quota;               // null: no limits, for good, as is the next one
    private volatile TokenEntry entry;
    private volatile boolean removed;              // from the list

    /// Without limits, for good.
    /// @param owner names the token in the registry, in events and in logs: the same for all its connections, another for every other
    ///              token, and not the secret itself
    public Grant(String owner) {
        this.owner = owner;
        quota = null;
    }

    /// What a list says.
    Grant(TokenEntry entry) {
        this.owner = entry.id();
        this.entry = entry;
        quota = new StreamQuota(() -> this.entry.streams());
    }

    /// The token's name.
    /// @return not the secret
    public String owner() {
        return owner;
    }

    /// How many connections its clients may have at once.
    int connections() {
        var now = entry;
        return now == null ? TokenEntry.UNLIMITED : now.connections();
    }

    /// What all its tunnels count their streams by; null when there is no limit.
    StreamQuota quota() {
        return quota;
    }

    /// The list was read again, and says this of the same secret.
    void become(TokenEntry next) {
        entry = next;
    }

    /// The list has it no more.
    void remove() {
        removed = true;
    }

    /// Judges a client that knows the secret.
    Verdict judge(List<Route> routes, Instant now) {
        var said = entry;
        var ended = said.ended(now);
        if (!ended.isEmpty()) return new Verdict.Ended(ended);
        var forbidden = said.forbidden(routes);
        return forbidden.isEmpty() ? new Verdict.Granted(this) : new Verdict.Forbidden(forbidden);
    }

    /// Why a tunnel must end.
    /// @param routes of the tunnel
    /// @param now    the time
    /// @return one line; empty while it may stay
    String objection(List<Route> routes, Instant now) {
        var said = entry;
        if (said == null) return "";
        if (removed) return "this token is not known here any more";
        var ended = said.ended(now);
        return ended.isEmpty() ? said.forbidden(routes) : ended;
    }
}
