package io.loomtunnel.cli;

import java.lang.reflect.Proxy;
import java.util.function.IntConsumer;

/// Signals of the operating system. `sun.misc.Signal` is the only way to hear them, and only by reflection, since compiling against it is
/// a warning. A runtime without it has no signals.
final class Signals {
    private Signals() {}

    /// Has a signal do this from now on, and nothing else.
    /// @param name   without SIG
    /// @param action gets the signal's number, on a thread of the JVM's
    /// @return false when there is no such signal here, or the JVM keeps it to itself
    static boolean handle(String name, IntConsumer action) {
        try {
            var signal = Class.forName("sun.misc.Signal");
            var handler = Class.forName("sun.misc.SignalHandler");
            var instance = signal.getConstructor(String.class).newInstance(name);
            int number = (int) signal.getMethod("getNumber").invoke(instance);
            var proxy = Proxy.newProxyInstance(handler.getClassLoader(), new Class<?>[] {handler}, (_, method, _) -> {
                if (method.getName().equals("handle")) action.accept(number);
                return null;
            });
            signal.getMethod("handle", signal, handler).invoke(null, instance, proxy);
            return true;
        } catch (ReflectiveOperationException | IllegalArgumentException _) {
            return false;
        }
    }
}
