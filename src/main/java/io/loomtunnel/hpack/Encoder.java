package io.loomtunnel.hpack;
import io.loomtunnel.bytes.*; import io.loomtunnel.http.*;
public final class Encoder { public Encoder(int m){} public void tableSize(int n){} public void begin(ByteWriter o){} 
 public void field(ByteWriter o,String n,String v){ o.put(0).put16(n.length()).put(n).put16(v.length()).put(v);} 
 public void fields(ByteWriter o, Fields f){ for(int i=0;i<f.size();i++) field(o,f.name(i),f.value(i)); } }
