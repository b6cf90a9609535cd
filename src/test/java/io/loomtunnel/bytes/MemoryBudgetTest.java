package io.loomtunnel.bytes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class MemoryBudgetTest {
    private static final int KIB = 1024;

    private final MemoryBudget budget = new MemoryBudget(16 * KIB * KIB);

    @Test void levelsComeAtHalfThreeQuartersAndAll() {
        budget.charge(8 * KIB * KIB - 1);
        assertFalse(budget.strained());
        budget.charge(1);
        assertTrue(budget.strained());
        assertFalse(budget.scarce());
        budget.charge(4 * KIB * KIB);
        assertTrue(budget.scarce());
        assertFalse(budget.exhausted());
        budget.charge(4 * KIB * KIB);
        assertTrue(budget.exhausted());
        budget.charge(-16 * KIB * KIB);
        assertFalse(budget.strained());
        assertEquals(0, budget.used());
    }

    @Test void windowsOfManyStreamsStayWithinAQuarter() {
        assertEquals(2 * KIB, budget.initialWindow(64 * KIB));
        assertEquals(16 * KIB, new MemoryBudget(128L * KIB * KIB).initialWindow(64 * KIB));
        assertEquals(64 * KIB, new MemoryBudget(1L << 40).initialWindow(64 * KIB));
    }

    @Test void growthOfAllWindowsStaysWithinAQuarter() {
        int grown = 0;
        for (int i = 0; i < 1_000 && budget.mayGrow(64 * KIB); i++) {
            budget.grown(64 * KIB);
            grown += 64 * KIB;
        }
        assertEquals(budget.limit() / 4, grown);
        budget.grown(-grown);
        assertTrue(budget.mayGrow(64 * KIB));
    }

    @Test void nothingGrowsOnceHalfIsUsed() {
        budget.charge(budget.limit() / 2);
        assertFalse(budget.mayGrow(1));
    }
}
