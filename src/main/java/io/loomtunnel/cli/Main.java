package io.loomtunnel.cli;

/// The program's entry.
public final class Main {
    private Main() {}

    /// Runs one command.
    /// @param args the command and its flags
    public static void main(String[] args) {
        System.out.println("loomtunnel " + version());
    }

    /// The version the build gave us: in the jar's manifest on a class path, in the descriptor as a module.
    static String version() {
        var descriptor = Main.class.getModule().getDescriptor();
        if (descriptor != null) return descriptor.rawVersion().orElse("unknown");
        var version = Main.class.getPackage().getImplementationVersion();
        return version != null ? version : "unknown";
    }
}
