package io.loomtunnel.tunnel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.tunnel.Authenticator.Verdict;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class FailedAttemptsTest {
    private static final InetAddress A = InetAddress.ofLiteral("192.0.2.1");

    private long now = Long.MAX_VALUE - 5;       // nanoTime may overflow at any moment
    private final FailedAttempts failures = new FailedAttempts(() -> now);

    @Test void theTenthFailureWithinAMinuteIsTheLastOne() {
        for (int i = 0; i < 10; i++) {
            assertFalse(failures.tooMany(A), "after " + i);
            failures.add(A);
        }
        assertTrue(failures.tooMany(A));
        assertFalse(failures.tooMany(InetAddress.ofLiteral("192.0.2.2")));
    }

    @Test void anAddressIsHeardAgainWhenItsOldestFailureIsAMinuteOld() {
        for (int i = 0; i < 10; i++) {
            failures.add(A);
            now += Duration.ofSeconds(1).toNanos();
        }
        now += Duration.ofSeconds(49).toNanos();
        assertTrue(failures.tooMany(A));
        now += Duration.ofSeconds(1).toNanos();
        assertFalse(failures.tooMany(A));
        failures.add(A);
        assertTrue(failures.tooMany(A));
    }

    @Test void aSubscribersIPv6AddressesCountAsOne() {
        for (int i = 0; i < 10; i++) failures.add(InetAddress.ofLiteral("2001:db8::" + i));
        assertTrue(failures.tooMany(InetAddress.ofLiteral("2001:db8::ffff")));
        assertFalse(failures.tooMany(InetAddress.ofLiteral("2001:db8:0:1::1")));
    }

    @Test void addressesAreForgottenBeforeTheyFillTheHeap() {
        for (int i = 0; i < 10; i++) failures.add(A);
        for (int i = 0; i < 10_000; i++) failures.add(InetAddress.ofLiteral("10.1." + i / 250 + "." + i % 250));
        assertFalse(failures.tooMany(A));
    }

    @Test void theSharedTokenMayRegisterEverything() {
        var authenticator = Authenticator.sharedToken("s3cret");
        var routes = List.<Route>of(Route.CATCH_ALL);
        var granted = assertInstanceOf(Verdict.Granted.class, authenticator.judge("s3cret", routes));
        assertFalse(granted.grant().owner().contains("s3cret"));
        for (var token : List.of("", "S3cret", "s3cre", "s3cret ", "s3cret\u0000")) {
            assertInstanceOf(Verdict.Unknown.class, authenticator.judge(token, routes), token);
        }
        assertThrows(IllegalArgumentException.class, () -> Authenticator.sharedToken(""));
        assertEquals(granted, authenticator.judge("s3cret", routes));
    }
}
