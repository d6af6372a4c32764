declare const __APP_VERSION__: string;

declare module '*.svg' {
  const address: string;
  export default address;
}
