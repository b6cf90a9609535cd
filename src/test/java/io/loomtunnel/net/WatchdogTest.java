package io.loomtunnel.net;

import static io.loomtunnel.net.Running.start;
import static io.loomtunnel.net.Running.writeForEver;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class WatchdogTest {
    private static final Duration LONG = Duration.ofHours(1);

    @Test void aWriteWithoutProgressIsReset() throws Exception {
        try (var watchdog = new Watchdog(Duration.ofMillis(200)); var pair = Pair.open(watchdog)) {
            assertInstanceOf(SocketException.class, writeForEver(pair.ours()).failure());
            assertThrows(SocketException.class, () -> pair.peer().getInputStream().readAllBytes());
            assertEquals(0, watchdog.watched(), "a connection that was reset is forgotten");
        }
    }

    @Test void aRawConnectionWaitsForItsPeer() throws Exception {              // RFC 9293 §3.8.6.1
        try (var watchdog = new Watchdog(Duration.ofMillis(80)); var pair = Pair.open(watchdog)) {
            pair.ours().waitForPeer();
            var writer = start(() -> {
                pair.ours().out().write(new byte[32 * 1024 * 1024]);
                pair.ours().finish();
            });
            var longer = new CountDownLatch(1);
            watchdog.limit(Duration.ofMillis(300), longer::countDown);
            assertTrue(longer.await(10, TimeUnit.SECONDS));
            assertEquals(32 * 1024 * 1024, pair.peer().getInputStream().readAllBytes().length);
            writer.join();
        }
    }

    @Test void aSlowReaderThatMovesIsLeftAlone() throws Exception {
        var limit = Duration.ofMillis(400);
        try (var watchdog = new Watchdog(limit); var pair = Pair.open(watchdog)) {
            pair.peer().setReceiveBufferSize(64 * 1024);
            var bytes = new byte[32 * 1024 * 1024];
            var writer = start(() -> {
                pair.ours().out().write(bytes);     // one write, under way for several times the limit
                pair.ours().finish();
            });
            // A reader that takes a thirtieth of it and then waits half a limit: the pauses come from a timed read on a
            // second connection on which nothing ever arrives.
            try (var silent = Pair.open(Watchdog.PROCESS)) {
                silent.ours().readTimeout(limit.dividedBy(4));
                long left = bytes.length;
                while (left > 0) {
                    assertThrows(SocketTimeoutException.class, () -> silent.ours().in().read());
                    left -= pair.peer().getInputStream().readNBytes((int) Math.min(left, 3 * 1024 * 1024)).length;
                }
            }
            writer.join();
            assertEquals(-1, pair.peer().getInputStream().read());
        }
    }

    @Test void aReadThatWaitsForTooLongTimesOutAndAnAnswerCanStillBeSent() throws Exception {
        var limit = Duration.ofMillis(200);
        try (var watchdog = new Watchdog(limit); var pair = Pair.open(watchdog)) {
            assertTrue(watchdog.coarse(limit), "left to the sweep");
            pair.ours().readTimeout(limit);
            pair.peer().getOutputStream().write('x');
            assertEquals('x', pair.ours().in().read());
            assertThrows(SocketTimeoutException.class, () -> pair.ours().in().read());
            assertThrows(SocketTimeoutException.class, () -> pair.ours().in().read(), "the input has ended for good");
            pair.ours().out().write('y');
            assertEquals('y', pair.peer().getInputStream().read());
        }
    }

    @Test void aTimeOutThatWasTakenBackEndsNothing() throws Exception {
        try (var watchdog = new Watchdog(Duration.ofMillis(80)); var pair = Pair.open(watchdog)) {
            pair.ours().readTimeout(Duration.ofMillis(80));
            pair.ours().readTimeout(Duration.ZERO);
            var reader = start(() -> assertEquals('x', pair.ours().in().read()));
            var longer = new CountDownLatch(1);
            watchdog.limit(Duration.ofMillis(300), longer::countDown);
            assertTrue(longer.await(10, TimeUnit.SECONDS));
            pair.peer().getOutputStream().write('x');
            reader.join();
        }
    }

    @Test void aConnectionOnWhichNothingMovesIsClosed() throws Exception {
        try (var watchdog = new Watchdog(Duration.ofMillis(80)); var pair = Pair.open(watchdog)) {
            pair.ours().idleTimeout(Duration.ofMillis(80));
            var reader = start(() -> pair.ours().in().read());
            assertEquals(-1, pair.peer().getInputStream().read(), "in order: nothing was unread");
            assertInstanceOf(SocketException.class, reader.failure());
            assertEquals(0, watchdog.watched());
        }
    }

    @Test void aByteEitherWayKeepsAConnectionFromBeingIdle() throws Exception {
        var limit = Duration.ofMillis(800);
        try (var watchdog = new Watchdog(limit); var pair = Pair.open(watchdog); var clock = Pair.open(Watchdog.PROCESS)) {
            clock.ours().readTimeout(limit.dividedBy(8));
            pair.ours().idleTimeout(limit);
            for (int i = 0; i < 24; i++) {              // three times as long as it may be idle, the last third in the other direction
                assertThrows(SocketTimeoutException.class, () -> clock.ours().in().read());
                if (i < 16) {
                    pair.peer().getOutputStream().write('x');
                    assertEquals('x', pair.ours().in().read());
                } else {
                    pair.ours().out().write('y');
                    assertEquals('y', pair.peer().getInputStream().read());
                }
            }
        }
    }

    @Test void onlyTheSameWriteFoundAgainCountsAsStuck() {
        var progress = new Progress();
        assertEquals(0, progress.sweep(), "nothing is being written");
        assertEquals(0, progress.sweep());
        progress.begin();
        assertEquals(0, progress.sweep(), "seen for the first time");
        assertEquals(1, progress.sweep());
        assertEquals(2, progress.sweep());
        progress.end();
        progress.begin();
        assertEquals(0, progress.sweep(), "it moved");
        assertEquals(1, progress.sweep());
        progress.end();
        assertEquals(0, progress.sweep());
        assertEquals(0, progress.sweep(), "an idle connection is not stuck");
    }

    @Test void aPhaseThatTakesTooLongIsEnded() throws InterruptedException {
        try (var watchdog = new Watchdog(LONG)) {
            var over = new CountDownLatch(1);
            try (var limit = watchdog.limit(Duration.ofMillis(20), over::countDown)) {
                assertTrue(over.await(10, TimeUnit.SECONDS));
                assertTrue(limit.passed());
                assertEquals(0, watchdog.watched());
            }
        }
    }

    @Test void aLongPhaseIsEndedByTheSweep() throws InterruptedException {
        try (var watchdog = new Watchdog(Duration.ofMillis(80))) {
            assertTrue(watchdog.coarse(Duration.ofMillis(100)));
            var over = new CountDownLatch(1);
            watchdog.limit(Duration.ofMillis(100), over::countDown);
            assertTrue(over.await(10, TimeUnit.SECONDS));
        }
    }

    @Test void aPhaseThatEndsInTimeLeavesNothingBehind() throws InterruptedException {
        try (var watchdog = new Watchdog(LONG)) {
            var fired = new CountDownLatch(1);
            var later = new CountDownLatch(1);
            var limit = watchdog.limit(Duration.ofMillis(20), fired::countDown);
            limit.close();
            try (var _ = watchdog.limit(Duration.ofMillis(40), later::countDown)) {
                assertTrue(later.await(10, TimeUnit.SECONDS));
            }
            assertEquals(1, fired.getCount());
            assertFalse(limit.passed());
            assertEquals(0, watchdog.watched());
        }
    }

    @Test void anActionThatFailsEndsNothingElse() throws InterruptedException {
        try (var watchdog = new Watchdog(LONG)) {
            var later = new CountDownLatch(1);
            watchdog.limit(Duration.ofMillis(1), () -> {
                throw new IllegalStateException("on purpose");
            });
            watchdog.limit(Duration.ofMillis(20), later::countDown);
            assertTrue(later.await(10, TimeUnit.SECONDS));
        }
    }
}
