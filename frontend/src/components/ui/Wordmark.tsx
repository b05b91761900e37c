/** The product's name and sign. */
import css from "./Wordmark.module.css";

export function Wordmark({ large = false }: { readonly large?: boolean }) {
  return (
    <span className={large ? `${css.mark} ${css.large}` : css.mark}>
      <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
        <rect width="32" height="32" rx="9" className={css.tile} />
        <g fill="none" stroke="currentColor" strokeWidth="2.6" strokeLinecap="round" className={css.sign}>
          <path d="M21.5 10.5a7.8 7.8 0 1 0 0 11" />
          <path d="M16 16h6.6" />
        </g>
        <circle cx="23.6" cy="16" r="2.5" className={css.dot} />
      </svg>
      gstreamer
    </span>
  );
}
