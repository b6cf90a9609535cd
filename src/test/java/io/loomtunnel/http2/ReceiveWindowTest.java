package io.loomtunnel.http2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ReceiveWindowTest {
    private static final long ROUND_TRIP = 10_000_000;
    private static final int START = ReceiveWindow.START;

    @Test void peerMaySendWhatItWasPromisedAndNotOneByteMore() {                    // RFC 9113 §6.9.1
        var window = new ReceiveWindow(START, 0);
        assertTrue(window.received(START));
        assertFalse(window.received(1));
    }

    @Test void creditComesBackOnceHalfTheWindowWasRead() {
        var window = new ReceiveWindow(START, 0);
        window.received(START);
        assertEquals(0, window.consumed(START / 2 - 1, 0, ROUND_TRIP, true));
        assertEquals(START / 2, window.consumed(1, 0, ROUND_TRIP, true));
    }

    @Test void windowDoublesForAConsumerThatEmptiesItWithinARoundTrip() {
        var window = new ReceiveWindow(START, 0);
        window.received(START);
        assertEquals(2 * START, window.consumed(START, ROUND_TRIP, ROUND_TRIP, true));
        assertEquals(2 * START, window.size());
    }

    @Test void windowStaysForAConsumerThatTakesItsTime() {
        var window = new ReceiveWindow(START, 0);
        window.received(START);
        assertEquals(START, window.consumed(START, 10 * ROUND_TRIP, ROUND_TRIP, true));
        assertEquals(START, window.size());
    }

    @Test void windowStaysWhileMemoryIsShort() {
        var window = new ReceiveWindow(START, 0);
        window.received(START);
        assertEquals(START, window.consumed(START, 0, ROUND_TRIP, false));
    }

    @Test void windowEndsAtSixteenMebibytes() {
        var window = new ReceiveWindow(START, 0);
        long now = 0;
        for (int i = 0; i < 10_000; i++) {
            window.received(START);
            window.consumed(START, now, ROUND_TRIP, true);
        }
        assertEquals(ReceiveWindow.MOST, window.size());
    }

    @Test void whatWasGivenBackMayBeSent() {
        var window = new ReceiveWindow(START, 0);
        long allowed = START;
        for (int i = 0; i < 5_000; i++) {
            assertTrue(window.received(10_000));
            allowed -= 10_000;
            allowed += window.consumed(10_000, i * 1_000_000L, ROUND_TRIP, i % 3 == 0);
            assertTrue(allowed >= 10_000, "round " + i);
        }
    }

    @Test void widenedWindowMayBeSent() {
        var window = new ReceiveWindow(4096, 0);
        window.widen(START - 4096);
        assertTrue(window.received(START));
        assertFalse(window.received(1));
        assertEquals(START, window.size());
    }
}
