package io.loomtunnel.tunnel;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/// Numbers the connections of one process. All have different slots, whichever server they go to: two addresses may be the same
/// server's, and of one slot it would keep one connection only. `lock` guards everything.
final class Slots {
    /// Epochs between two uses of a slot: more than anybody dials in one use. A server may still remember the earlier one.
    private static final long USE = 1_000_000_000;

    private final ReentrantLock lock = new ReentrantLock();
    private final ClientId client = ClientId.fresh();
    private final BitSet taken = new BitSet();
    private final int[] uses = new int[ClientId.MAX_SLOT + 1];

    /// Connections that nobody has, not dialled yet.
    /// @return empty when so many are not free
    List<ClientId> take(int count) {
        lock.lock();
        try {
            if (taken.cardinality() + count > uses.length) return List.of();
            var slots = new ArrayList<ClientId>();
            for (int slot = taken.nextClearBit(0); slots.size() < count; slot = taken.nextClearBit(slot)) {
                taken.set(slot);
                slots.add(new ClientId(client.instance(), slot, USE * uses[slot]++));
            }
            return slots;
        } finally {
            lock.unlock();
        }
    }

    /// They are dialled no more.
    void giveBack(List<ClientId> slots) {
        lock.lock();
        try {
            for (var slot : slots) taken.clear(slot.slot());
        } finally {
            lock.unlock();
        }
    }
}
