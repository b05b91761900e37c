/** Buttons and links that look like them; an icon alone always has a name. */
import type { ButtonHTMLAttributes, ReactNode } from "react";
import css from "./Button.module.css";
import { Icon, type IconName } from "./Icon";

type Look = "main" | "plain" | "quiet";

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly look?: Look;
  readonly icon?: IconName;
  readonly children: ReactNode;
}

export function Button({ look = "plain", icon, children, ...rest }: Props) {
  return (
    <button type="button" {...rest} className={`${css.button} ${css[look]}`}>
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

interface LinkProps {
  readonly href: string;
  readonly look?: Look;
  readonly children: ReactNode;
}

/** A way out of the page (sign in); ways inside it are wouter's links. */
export function ButtonLink({ href, look = "plain", children }: LinkProps) {
  return (
    <a href={href} className={`${css.button} ${css[look]}`}>
      {children}
    </a>
  );
}

interface IconProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly icon: IconName;
  readonly name: string;
  readonly filled?: boolean;
}

export function IconButton({ icon, name, filled = false, className = "", ...rest }: IconProps) {
  return (
    <button type="button" {...rest} aria-label={name} title={name} className={`${css.icon} ${className}`}>
      <Icon name={icon} filled={filled} />
    </button>
  );
}
