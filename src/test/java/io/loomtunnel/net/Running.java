package io.loomtunnel.net;

import static org.junit.jupiter.api.Assertions.assertThrows;

import io.loomtunnel.io.Duplex;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/// Something that a test has running on a virtual thread.
record Running(Thread thread, FutureTask<Object> result) {
    interface Step {
        void run() throws Exception;
    }

    static Running start(Step step) {
        Callable<Object> call = () -> {
            step.run();
            return null;
        };
        var task = new FutureTask<>(call);
        return new Running(Thread.ofVirtual().start(task), task);
    }

    static Running writeForEver(Duplex connection) {
        var piece = new byte[64 * 1024];
        return start(() -> {
            while (true) connection.out().write(piece);
        });
    }

    /// Returns once the thread waits: nothing is there to be read, or the kernel's buffers are full.
    void untilParked() {
        while (thread.getState() != Thread.State.WAITING) Thread.onSpinWait();
    }

    void join() throws Exception {
        result.get(20, TimeUnit.SECONDS);
    }

    Throwable failure() {
        return assertThrows(ExecutionException.class, this::join).getCause();
    }
}
