/// A reverse tunnel for the JVM. Requires nothing outside the JDK.
module io.loomtunnel {
    requires java.logging;             // the command's log lines; the rest knows System.Logger only
    requires jdk.net;                  // TCP_KEEPIDLE and its like
    requires static jdk.unsupported;   // sun.misc.Signal, by reflection: SIGHUP and a second SIGTERM

    exports io.loomtunnel.cli to java.logging;
    exports io.loomtunnel;
    exports io.loomtunnel.http;
    exports io.loomtunnel.ingress;
    exports io.loomtunnel.io;
    exports io.loomtunnel.pool;
    exports io.loomtunnel.proxy;
    exports io.loomtunnel.tunnel;
}
