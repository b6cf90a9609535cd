package io.loomtunnel.hpack;
public final class Decoder { public Decoder(int m){} 
 public boolean decode(byte[] b,int o,int l,int ms,int mf,FieldSink s) throws HpackException {
  int end=o+l, size=0, n=0; 
  try { while(o<end){ o++; int nl=(b[o]&255)<<8|b[o+1]&255; o+=2; int no=o; o+=nl; int vl=(b[o]&255)<<8|b[o+1]&255; o+=2; size+=nl+vl+32; if(size<=ms && ++n<=mf) s.field(b,no,nl,b,o,vl,false); o+=vl; } } catch(java.io.IOException e){throw new HpackException();}
  return size<=ms && n<=mf; } }
