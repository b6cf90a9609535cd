package io.loomtunnel.tunnel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class BackoffTest {
    private static final Duration AT_ONCE = Duration.ZERO;
    private static final Duration LONG = Duration.ofMinutes(2);

    /// Always draws the bound, so that the pauses show it.
    private final Backoff backoff = new Backoff(new RandomGenerator() {
        @Override public long nextLong() {
            return 0;
        }

        @Override public long nextLong(long bound) {
            return bound - 1;
        }
    });

    @Test void theBoundDoublesFromHalfASecondToThirty() {
        double[] seconds = {0.5, 1, 2, 4, 8, 16, 30, 30};
        for (double expected : seconds) assertEquals(expected, backoff.refused().toMillis() / 1000.0);
    }

    @Test void pausesAreDrawnFromZeroToTheBound() {
        var jitter = new Backoff(RandomGenerator.of("L64X128MixRandom"));
        for (int i = 0; i < 7; i++) jitter.refused();
        long shortest = Long.MAX_VALUE;
        long longest = 0;
        for (int i = 0; i < 1_000; i++) {
            long pause = jitter.refused().toMillis();
            shortest = Math.min(shortest, pause);
            longest = Math.max(longest, pause);
        }
        assertTrue(shortest < 1_000 && longest > 29_000 && longest <= 30_000, shortest + " to " + longest);
    }

    @Test void aServerNotReachedYetIsDialledEverySecondForAMinute() {
        assertQuickForAMinute();
    }

    @Test void aLostLinkIsDialledAtOnceThenEverySecondForAMinute() {
        for (int i = 0; i < 100; i++) backoff.unanswered(AT_ONCE);
        assertEquals(Duration.ofMillis(100), backoff.lost(LONG));
        assertQuickForAMinute();
    }

    @Test void dialsThatHangUseUpTheMinuteToo() {
        backoff.lost(LONG);
        var hung = Duration.ofSeconds(5);
        for (int dial = 0; dial < 11; dial++) assertEquals(Duration.ZERO, backoff.unanswered(hung));
        assertEquals(Duration.ofMillis(500), backoff.unanswered(hung));
    }

    @Test void theSecondIsCountedFromTheBeginningOfADial() {
        assertEquals(Duration.ofMillis(300), backoff.unanswered(Duration.ofMillis(700)));
        assertEquals(Duration.ZERO, backoff.unanswered(Duration.ofSeconds(1)));
    }

    @Test void aRefusalIsNotDialledAgainQuickly() {
        backoff.lost(LONG);
        assertEquals(Duration.ofMillis(500), backoff.refused());
        assertEquals(Duration.ofSeconds(1), backoff.refused());
        assertEquals(Duration.ofSeconds(2), backoff.refused());
    }

    @Test void onlyAMinuteUpStartsTheBoundAnew() {
        for (int i = 0; i < 5; i++) backoff.refused();
        backoff.lost(Duration.ofSeconds(59));
        assertEquals(Duration.ofSeconds(16), backoff.refused());
        backoff.lost(Duration.ofSeconds(60));
        assertEquals(Duration.ofMillis(500), backoff.refused());
    }

    @Test void linksThatFallAtOnceUseUpTheMinute() {
        int quick = 0;
        while (backoff.lost(Duration.ofMillis(10)).equals(Duration.ofSeconds(1)) && quick < 100) quick++;
        assertEquals(60, quick);
        assertEquals(Duration.ofSeconds(1), backoff.lost(Duration.ofMillis(10)), "of 0.5, 1, 2, …");
        assertEquals(Duration.ofSeconds(2), backoff.lost(Duration.ofMillis(10)));
        assertEquals(Duration.ofMillis(100), backoff.lost(Duration.ofSeconds(10)));
        assertEquals(Duration.ofSeconds(1), backoff.lost(Duration.ofMillis(10)), "quick again");
    }

    private void assertQuickForAMinute() {
        for (int second = 0; second < 60; second++) assertEquals(Duration.ofSeconds(1), backoff.unanswered(AT_ONCE));
        assertTrue(backoff.unanswered(AT_ONCE).compareTo(Duration.ofMillis(500)) >= 0);
        assertTrue(backoff.unanswered(AT_ONCE).compareTo(Duration.ofSeconds(1)) >= 0);
        assertTrue(backoff.unanswered(AT_ONCE).compareTo(Duration.ofSeconds(2)) >= 0);
    }
}
