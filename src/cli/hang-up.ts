/**
 * Catches SIGHUP from now on: nobody listening, it ends the process (threats Y05). One that comes before there is
 * anything to reload is remembered.
 * @returns says what to do on SIGHUP; does so at once where one has come already
 */
export function catchHangUps(): (reload: () => void) => void {
  let onHangUp: (() => void) | undefined;
  let isWaiting = false;
  process.on('SIGHUP', () => {
    if (onHangUp === undefined) isWaiting = true;
    else onHangUp();
  });
  return (reload) => {
    onHangUp = reload;
    if (isWaiting) reload();
  };
}
