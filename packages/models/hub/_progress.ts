/** How far a download has come. */
export interface HubProgress {
  /** The file that grew, as the repository names it. */
  readonly file: string;
  /** Bytes of it on disk. */
  readonly fileLoaded: number;
  /** Its size in bytes. */
  readonly fileSize: number;
  /** Bytes on disk of everything that this call fetches. */
  readonly loaded: number;
  /** Size of everything that this call fetches. */
  readonly total: number;
}
