/// A reverse tunnel for the JVM. Requires nothing outside the JDK.
module io.loomtunnel {
    requires jdk.net;                  // TCP_KEEPIDLE and its like
    requires static jdk.unsupported;   // sun.misc.Signal, by reflection: SIGHUP and a second SIGTERM

    exports io.loomtunnel;
    exports io.loomtunnel.http;
    exports io.loomtunnel.ingress;
    exports io.loomtunnel.io;
    exports io.loomtunnel.pool;
    exports io.loomtunnel.proxy;
    exports io.loomtunnel.tunnel;
}
