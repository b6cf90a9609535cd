package io.loomtunnel.tunnel;

import io.loomtunnel.net.Watchdog;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/// Judges by a list of tokens, each with what it may have, that may change at any time.
///
/// The list is asked for at each handshake, so that a token is good from the moment on in which it stands there, and each second by
/// [#enforce], which ends tunnels whose token has lost its right. `lock` guards the change from one list to the next.
public final class Tokens implements Authenticator {
    private static final Duration PAUSE = Duration.ofSeconds(1);

    private final Supplier<List<TokenEntry>> source;
    private final InstantSource clock;
    private final ReentrantLock lock = new ReentrantLock();
    private volatile Known known = new Known(List.of(), Map.of());

    /// One state of the list.
    ///
    /// @param entries as the source gave them
    /// @param tokens  by the first 64 bits of the digest
    private record Known(List<TokenEntry> entries, Map<Long, Candidate> tokens) {}

    private record Candidate(byte[] digest, Grant grant) {}

    /// Tokens of a list.
    /// @param source is asked by any thread, and must be quick; as long as nothing has changed it returns the same object
    public Tokens(Supplier<List<TokenEntry>> source) {
        this(source, InstantSource.system());
    }

    Tokens(Supplier<List<TokenEntry>> source, InstantSource clock) {
        this.source = source;
        this.clock = clock;
        refresh();
    }

    @Override public Verdict judge(String token, List<Route> routes) {
        refresh();
        var digest = BearerToken.sha256(token);
        // Nobody can make a secret whose digest begins as another's, so how long the look-up takes says nothing; whether it is
        // the one, a comparison tells that goes to the end in any case.
        var candidate = known.tokens().get(key(digest));
        boolean same = MessageDigest.isEqual(candidate == null ? digest.clone() : candidate.digest(), digest);
        if (candidate == null || !same) return new Verdict.Unknown();
        return candidate.grant().judge(routes, clock.instant());
    }

    @Override public Verdict judgeNamed(String name, List<Route> routes) {
        refresh();
        for (var candidate : known.tokens().values()) {
            if (candidate.grant().owner().equals(name)) return candidate.grant().judge(routes, clock.instant());
        }
        return new Verdict.Unknown();
    }

    /// Sees to it that tunnels end when their token expires, is revoked, is no longer in the list or may not have their routes
    /// any more. It takes about a second.
    /// @param tunnels of a server that asks this authenticator; it ends with them
    public void enforce(TunnelRegistry tunnels) {
        // The timer starts a thread, since reading a list is no work for it.
        Watchdog.PROCESS.limit(PAUSE, () -> Thread.ofVirtual().name("loomtunnel-tokens").start(() -> look(tunnels)));
    }

    private void look(TunnelRegistry tunnels) {
        if (tunnels.isClosed()) return;
        try {
            refresh();
            tunnels.review(clock.instant());
        } finally {
            enforce(tunnels);
        }
    }

    void refresh() {
        var entries = source.get();
        if (entries == known.entries()) return;
        lock.lock();
        try {
            if (entries == known.entries()) return;
            known = next(entries, known.tokens());
        } finally {
            lock.unlock();
        }
    }

    /// A secret that stays under its name keeps its grant, and with it what it counts.
    private static Known next(List<TokenEntry> entries, Map<Long, Candidate> before) {
        var tokens = new HashMap<Long, Candidate>();
        for (var entry : entries) {
            var digest = HexFormat.of().parseHex(entry.sha256());
            var old = before.get(key(digest));
            boolean same = old != null && MessageDigest.isEqual(old.digest(), digest) && old.grant().owner().equals(entry.id());
            if (same) old.grant().become(entry);
            tokens.put(key(digest), same ? old : new Candidate(digest, new Grant(entry)));
        }
        before.forEach((key, old) -> {
            if (tokens.get(key) != old) old.grant().remove();
        });
        return new Known(entries, tokens);
    }

    private static long key(byte[] digest) {
        long key = 0;
        for (int i = 0; i < Long.BYTES; i++) key = key << 8 | digest[i] & 0xff;
        return key;
    }
}
