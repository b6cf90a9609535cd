package io.loomtunnel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class SeldomTest {
    private static final long SECOND = 1_000_000_000L;

    @Test void twentyAtOnceAndThenOneEachThreeSeconds() {
        var now = new AtomicLong(Long.MAX_VALUE - SECOND);            // it wraps round on the way
        var seldom = new Seldom(now::get);
        assertEquals(20, count(seldom));
        now.addAndGet(2 * SECOND);
        assertEquals(0, count(seldom));
        now.addAndGet(SECOND);
        assertEquals(1, count(seldom));
        now.addAndGet(3600 * SECOND);
        assertEquals(20, count(seldom));
    }

    private static int count(Seldom seldom) {
        int lines = 0;
        for (int i = 0; i < 100; i++) if (seldom.again()) lines++;
        return lines;
    }
}
